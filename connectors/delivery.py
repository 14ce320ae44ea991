"""What became of single events: where each of them lies, and how many callers share a batch. No Kafka in here."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from msgspec import Struct

from schemas.failure import Failure

_Item = TypeVar("_Item")


class Delivery(Struct, frozen=True):
    """An event that the broker acknowledged, on all its replicas in sync: its id and where it lies in `task-changes`."""

    id: str
    project_id: str
    partition: int
    offset: int


Deliver = Callable[[list[_Item]], Awaitable[list[Delivery]]]
"""Takes events and returns their deliveries in the same order. Raises `Failure` when some may not have arrived."""


class Group(Generic[_Item]):
    """Lets many callers write at once: while one batch is on its way, whatever comes in waits together and is the next.

    A lone event leaves at once, and a crowd fills batches, without a time to tune.
    """

    def __init__(self, deliver: Deliver[_Item]) -> None:
        self._deliver: Final = deliver
        self._waiting: list[tuple[Sequence[_Item], asyncio.Future[list[Delivery]]]] = []
        self._work: asyncio.Task[None] | None = None

    async def write(self, events: Sequence[_Item]) -> list[Delivery]:
        """Return when the events are acknowledged. Raises `Failure` when they may not be: then write the same events again."""
        future: asyncio.Future[list[Delivery]] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, future))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._drain())
        return await future

    async def close(self) -> None:
        """Return when all that was written has been answered."""
        if self._work is not None:
            await self._work

    async def _drain(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                deliveries = await self._deliver([event for events, _ in taken for event in events])
            except Failure as failure:
                for _, future in taken:
                    if not future.done():
                        future.set_exception(failure)
                continue
            place = 0
            for events, future in taken:
                if not future.done():
                    future.set_result(deliveries[place : place + len(events)])
                place += len(events)
