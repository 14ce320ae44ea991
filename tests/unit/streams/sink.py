"""A stand-in for an idempotent producer: records what is sent, acknowledges when told."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaTimeoutError

from streams.engine.store import Mark, Write
from streams.publication import Builder, Headers, Sendable


@dataclass
class Place:
    """What the broker answers."""

    offset: int


@dataclass
class Batch:
    """A batch that holds up to `room` records."""

    room: int = 3
    records: list[Sendable] = field(default_factory=list)

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers) -> object | None:
        """Take a record unless full."""
        assert timestamp is None
        if len(self.records) == self.room:
            return None
        self.records.append((key, value, headers))
        return self

    def record_count(self) -> int:
        """Return the number of records."""
        return len(self.records)


class Sink:
    """Keeps logs per (topic, partition). Unless `held`, batches are acknowledged at once. refusals: how often to time out first.

    told: records that were queued each time it was told to send them now. gate: what must be set before a batch is taken, as while
    an earlier one is still in the producer's queue.
    """

    def __init__(self, *, held: bool = False, refusals: int = 0) -> None:
        self.logs: dict[tuple[str, int], list[Sendable]] = {}
        self.waiting: list[tuple[asyncio.Future[Place], Place]] = []
        self.held = held
        self.refusals = refusals
        self.told: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def create_batch(self) -> Batch:
        """Return an empty batch."""
        return Batch()

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> Awaitable[Any]:
        """Append to the log."""
        await self.gate.wait()
        if self.refusals:
            self.refusals -= 1
            raise KafkaTimeoutError
        assert isinstance(batch, Batch)
        log = self.logs.setdefault((topic, partition), [])
        place = Place(len(log))
        log.extend(batch.records)
        future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self.waiting.append((future, place))
        if not self.held:
            self.acknowledge()
        return future

    def send_now(self) -> None:
        """Note how much was queued when it was told to send."""
        self.told.append(sum(len(log) for log in self.logs.values()))

    def acknowledge(self, count: int | None = None) -> None:
        """Acknowledge the oldest batches."""
        done, self.waiting = self.waiting[:count], ([] if count is None else self.waiting[count:])
        for future, place in done:
            future.set_result(place)

    def refuse(self, error: Exception) -> None:
        """Fail the oldest batch for good."""
        self.waiting.pop(0)[0].set_exception(error)

    def values(self, topic: str, partition: int) -> list[bytes | None]:
        """Return what a log holds."""
        return [value for _, value, _ in self.logs.get((topic, partition), [])]


class Store:
    """A store in memory."""

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.read_end = 0
        self.rows: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return a row's value."""
        return self.rows.get(key)

    def children(self, parent: bytes) -> Sequence[bytes]:  # noqa: ARG002  no deletes here
        """Return no hints."""
        return []

    def apply(self, write: Write) -> None:
        """Store at once."""
        self.rows.update(write.rows)
        self.mark = write.mark
