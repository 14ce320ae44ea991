"""The owners of the partitions that are assigned to this worker: made after a restore, discarded at a revoke."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import structlog

from streams.engine.ports import Batch, Place
from streams.engine.table import Stores
from streams.kit import Kit
from streams.metrics import Meters
from streams.owner import Owner

log = structlog.get_logger("streams.owners")
_LEAST_ROWS: Final = 1_000


class Shares(NamedTuple):
    """Events and bytes that may be in flight, and rows that are cached."""

    events: int
    bytes: int
    cache_rows: int


class Owners:
    """Implements `engine.ports.Partitions`. fatal: told about an owner's error, which ends the worker.

    shares: what the partitions share equally. settle_s: the longest wait for acknowledgements at a revoke.
    """

    def __init__(self, stores: Stores, meters: Meters, fatal: Callable[[BaseException], None], shares: Shares, settle_s: float) -> None:
        self._stores = stores
        self._meters = meters
        self._fatal = fatal
        self._shares = shares
        self._settle_s = settle_s
        self._owners: dict[int, Owner] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.kit: Kit | None = None
        self.assigned = False

    def __iter__(self) -> Iterator[Owner]:
        return iter(self._owners.values())

    def recovered(self, partitions: set[int]) -> None:
        """Make the owners of a new generation; their rows are restored."""
        try:
            self._make(partitions)
        except Exception as error:  # noqa: BLE001  Faust swallows errors here
            self._fatal(error)

    def _make(self, partitions: set[int]) -> None:
        if self.kit is None:
            raise RuntimeError("owners were asked for before the kit was there")
        self._discard()
        share = max(_LEAST_ROWS, self._shares.cache_rows // max(1, len(partitions)))
        for number in sorted(partitions):
            owner = self._owners[number] = Owner(number, self._stores.store(number), self.kit, share)
            task = self._tasks[number] = asyncio.create_task(owner.run(), name=f"owner-{number}")
            task.add_done_callback(self._ended)
        self.assigned = True
        self._meters.rebalances.inc()
        log.info("partitions_assigned", partitions=sorted(partitions))

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fatal(_cause(error))

    async def batch(self, partition: int, batch: Batch) -> None:
        """Hand a batch to its owner; without one it comes again after the next restore."""
        owner = self._owners.get(partition)
        if owner is not None:
            await owner.submit(batch)

    def has_room(self, partition: int) -> bool:
        """Return whether the partition may take more events."""
        owner = self._owners.get(partition)
        if owner is None:
            return False
        count, shares = len(self._owners), self._shares
        return owner.in_flight < shares.events / count and owner.weight.total < shares.bytes / count

    def sizes(self) -> dict[int, int]:
        """Return the bytes of each store that is open here, whoever owns its partition."""
        return self._stores.sizes()

    def watermark(self, partition: int) -> int | None:
        """Return the end of what is durable and published."""
        owner = self._owners.get(partition)
        return None if owner is None else owner.watermark

    def throughs(self) -> Mapping[int, int]:
        """Return how far each owner's stored rows go."""
        return {number: owner.through for number, owner in self._owners.items()}

    async def open(self, partition: int, place: Place) -> None:
        """Let an owner take batches from a place on."""
        owner = self._owners.get(partition)
        if owner is not None:
            await owner.open(place)

    async def settle(self) -> None:
        """Bring what was taken in to an end, at most `settle_s` long; then no owner sends or stores any more."""
        if self._tasks:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settle_s):
                    await asyncio.gather(*(owner.settle() for owner in self._owners.values()))
        await self._halt()

    async def revoked(self) -> None:
        """Discard all owners: every rebalance takes all partitions away first."""
        await self._halt()
        self._discard()

    async def _halt(self) -> None:
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _discard(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        for number in self._owners:
            self._meters.forget(number)
        self._owners.clear()
        self.assigned = False


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
