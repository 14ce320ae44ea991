"""The only sender of one partition: publications leave in order and are acknowledged in order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka.errors import KafkaTimeoutError

from streams.dlq import dead_records
from streams.eager import Begun
from streams.publication import Builder, Publication, Sendable, cut, plain


class Sink(Protocol):
    """What an idempotent aiokafka producer offers."""

    def create_batch(self) -> Builder:
        """Return an empty batch."""
        ...

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> Awaitable[Any]:
        """Queue a batch; the awaitable gives its place once the broker has it."""
        ...

    def send_now(self) -> None:
        """Send what is queued, unless something is on its way: then it goes right behind."""
        ...


@dataclass(frozen=True)
class Outlets:
    """Names in Kafka, and how many partitions the dead letters have."""

    changes: str
    cascades: str
    state: str
    dead: str
    dead_partitions: int


@dataclass(frozen=True)
class Acknowledged:
    """A publication that the broker has in full. places: (first offset, records) of its batches in `task-state`, in order."""

    publication: Publication
    places: tuple[tuple[int, int], ...] = ()

    @property
    def state_last(self) -> int:
        """Offset of its last row in `task-state`, -1 without rows."""
        return sum(self.places[-1]) - 1 if self.places else -1


@dataclass
class _Sent:
    publication: Publication
    others: list[Awaitable[Any]]
    state: list[tuple[Awaitable[Any], int]]


class Writer:
    """Two coroutines: one sends what had to wait, without waiting for acknowledgements; one awaits these in order and tells the owner.

    `concurrent send_batch` calls reorder, so nothing else may send to these partitions. durable: called for each publication in order.
    """

    def __init__(
        self, partition: int, sink: Sink, outlets: Outlets, durable: Callable[[Acknowledged], None], clock: Callable[[], int]
    ) -> None:
        self._partition = partition
        self._sink = sink
        self._outlets = outlets
        self._durable = durable
        self._clock = clock
        self._queue: asyncio.Queue[Publication | Begun[_Sent]] = asyncio.Queue()
        self._free = True
        self._sent: asyncio.Queue[_Sent] = asyncio.Queue()
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, publication: Publication) -> None:
        """Send a publication behind all others: here and now if none is before it. Raises what Kafka refuses at once."""
        self._open += 1
        self._idle.clear()
        if not self._free:
            self._queue.put_nowait(publication)
            return
        begun = Begun(self._send(publication))
        if begun.done:
            self._sink.send_now()
            self._sent.put_nowait(begun.result)
        else:
            self._free = False
            self._queue.put_nowait(begun)

    async def drained(self) -> None:
        """Wait until everything that was put is acknowledged."""
        await self._idle.wait()

    async def run(self) -> None:
        """Send and acknowledge until cancelled. Raises what Kafka refused for good, and what the owner raises."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_all())
            group.create_task(self._acknowledge_all())

    async def _send_all(self) -> None:
        while True:
            next_one = await self._queue.get()
            self._sent.put_nowait(await (next_one.rest() if isinstance(next_one, Begun) else self._send(next_one)))
            self._free = self._queue.empty()

    async def _send(self, publication: Publication) -> _Sent:
        outlets = self._outlets
        others = [pair[0] for pair in await self._batches(outlets.cascades, self._partition, plain(publication.cascades))]
        self._sink.send_now()  # whoever watches waits for these; the rows, for which only reads at a position wait, follow
        if publication.dead:
            letters = dead_records(publication.dead, outlets.changes, self._partition, self._clock())
            others += [pair[0] for pair in await self._batches(outlets.dead, self._partition % outlets.dead_partitions, letters)]
        state = await self._batches(outlets.state, self._partition, plain(publication.state))
        return _Sent(publication, others, state)

    async def _batches(self, topic: str, partition: int, records: Iterable[Sendable]) -> list[tuple[Awaitable[Any], int]]:
        return [(await self._patiently(batch, topic, partition), batch.record_count()) for batch in cut(records, self._sink.create_batch)]

    async def _patiently(self, batch: Builder, topic: str, partition: int) -> Awaitable[Any]:
        while True:
            try:
                return await self._sink.send_batch(batch, topic, partition=partition)
            except KafkaTimeoutError:
                continue  # not queued yet: the one before it has waited for a broker that is away

    async def _acknowledge_all(self) -> None:
        while True:
            sent = await self._sent.get()
            self._durable(await _acknowledged(sent))
            self._open -= 1
            if self._open == 0:
                self._idle.set()


async def _acknowledged(sent: _Sent) -> Acknowledged:
    for other in sent.others:
        await other
    places = [((await future).offset, count) for future, count in sent.state]
    return Acknowledged(sent.publication, tuple(places))
