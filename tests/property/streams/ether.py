"""Kafka and a disk in memory, as one partition's owner meets them: records land late, are acknowledged later, or never."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from streams.domain.node import child_hints
from streams.domain.records import Out, Record
from streams.engine.store import Mark, Write
from streams.publication import Builder
from tests.property.streams.world import NUMBER
from tests.unit.streams.sink import Batch, Place

_APART_S = 1e-6
"""Timers for the same moment come in no order."""
_SLOW_MS = 400
STATE, CASCADES, DEAD = "state", "cascades", "dead"


@dataclass
class Log:
    """All that the broker has. committed: the group's offset in `task-changes`."""

    changes: Sequence[Record]
    topics: dict[str, list[Out]] = field(default_factory=lambda: {STATE: [], CASCADES: [], DEAD: []})
    committed: int | None = None

    @property
    def end(self) -> int:
        """The end of `task-changes`."""
        return self.changes[-1].offset + 1

    def changelog(self, begin: int) -> list[Record]:
        """Return the records of `task-state` from an offset on."""
        rows = self.topics[STATE][begin:]
        return [Record(begin + number, 0, out.key, out.value) for number, out in enumerate(rows)]

    async def read_gap(self, _partition: int, begin: int, end: int) -> Mapping[bytes, bytes]:
        """Return the newest values by key of a stretch of `task-state`."""
        return {out.key: out.value for out in self.topics[STATE][begin:end] if out.value is not None}


@dataclass
class Disk:
    """A store that remembers its writes: a crash may take the newest of them away (it has no log of its own)."""

    writes: list[Write] = field(default_factory=list)
    mark: Mark = field(default_factory=Mark)
    read_end: int = 0
    rows: dict[bytes, bytes] = field(default_factory=dict)
    hints: dict[bytes, dict[bytes, None]] = field(default_factory=dict)

    def get(self, key: bytes) -> bytes | None:
        """Return a row's value."""
        return self.rows.get(key)

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return the hints under a parent."""
        return list(self.hints.get(parent, ()))

    def apply(self, write: Write) -> None:
        """Store one step."""
        hints = [*write.hints, *(pair for key, value in write.rows.items() if value is not None for pair in child_hints(key, value))]
        self.writes.append(write)
        self.mark = write.mark
        self.rows |= {key: value for key, value in write.rows.items() if value is not None}
        for parent, child in hints:
            self.hints.setdefault(parent, {})[child] = None

    def after_crash(self, kept: float) -> "Disk":
        """Return what is found after a crash; kept: the share of the writes that had reached the platter, 0 for a lost disk."""
        found = Disk()
        for write in self.writes[: round(len(self.writes) * kept)]:
            found.apply(write)
        return found


@dataclass
class Flight:
    """A batch on its way."""

    topic: str
    batch: Batch
    future: "asyncio.Future[Place]"


class Line:
    """The producer of one life. waits_ms: how long batches take to land, and acknowledgements to come back; used in turn.

    Topics do not wait for each other; within one, order holds. slow: a topic whose leader takes its time. room: records in a batch,
    so any record may be the last that landed.
    """

    def __init__(self, log: Log, waits_ms: Sequence[int], slow: str, room: int) -> None:
        self._log = log
        self._waits = cycle(waits_ms)
        self._slow = slow
        self._room = room
        self._free_at: dict[str, float] = {}
        self._back_at: dict[str, float] = {}
        self.flying: list[Flight] = []
        self.cut = False

    def create_batch(self) -> Batch:
        """Return an empty batch."""
        return Batch(self._room)

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> Awaitable[Any]:
        """Send behind all others of the topic."""
        assert partition == NUMBER
        assert isinstance(batch, Batch)
        loop = asyncio.get_running_loop()
        flight = Flight(topic, batch, loop.create_future())
        self.flying.append(flight)
        wait_s = (next(self._waits) + _SLOW_MS * (topic == self._slow)) / 1000
        lands = max(loop.time() + wait_s, self._free_at.get(topic, 0.0) + _APART_S)
        self._free_at[topic] = lands
        loop.call_at(lands, self._land, flight, next(self._waits) / 1000)
        return flight.future

    def send_now(self) -> None:
        """Nothing: all is on its way as soon as it is queued."""

    def _land(self, flight: Flight, back_s: float) -> None:
        if self.cut:
            return
        place = self.land(flight)
        loop = asyncio.get_running_loop()
        back = max(loop.time() + back_s, self._back_at.get(flight.topic, 0.0) + _APART_S)
        self._back_at[flight.topic] = back
        loop.call_at(back, self._acknowledge, flight, place)

    def land(self, flight: Flight) -> Place:
        """Append a batch to its topic."""
        self.flying.remove(flight)
        log = self._log.topics[flight.topic]
        place = Place(len(log))
        log += [Out(key or b"", value) for key, value, _ in flight.batch.records]
        return place

    def _acknowledge(self, flight: Flight, place: Place) -> None:
        if not self.cut and not flight.future.done():
            flight.future.set_result(place)

    def late(self, count: int) -> None:
        """Let what a dead owner had sent land now: the first batches of each topic."""
        for topic in self._log.topics:
            for flight in [one for one in self.flying if one.topic == topic][:count]:
                self.land(flight)


def pieces(records: Sequence[Any], sizes: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Yield a sequence in pieces of these sizes, used in turn."""
    begin = 0
    for size in cycle(sizes):
        if begin >= len(records):
            return
        yield records[begin : begin + size]
        begin += size
