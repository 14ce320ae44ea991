"""Where facts become events and leave: numbered in the order of the database's log, acknowledged by Kafka, then remembered."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Final

from connectors.facts import Moment, Origin, events
from connectors.postgres.known import Memory
from connectors.postgres.mapping import Mapping
from connectors.postgres.translate import Fact
from connectors.publish import Publisher
from schemas.events import Event
from schemas.messages import Position

FULL: Final = 2000
"""Events that are held at most before they are handed to the publisher."""


class Outlet:
    """Numbers facts and sends their events.

    A number is the place of the transaction's commit in the log, but always above the last: rows change in the order of commits, and
    a transaction may change one row twice. The last number is in the memory, so the same log gives the same numbers again.
    In a snapshot a row is said once.
    """

    def __init__(self, mapping: Mapping, path: str, memory: Memory) -> None:
        self._mapping = mapping
        self._path = path
        self._memory = memory
        self._last = memory.number("number")
        self._together = False
        self._waiting: list[tuple[str | None, Event]] = []
        self.counts: Counter[str] = Counter()

    @property
    def full(self) -> bool:
        """Whether it is time to hand events over."""
        return len(self._waiting) >= FULL

    def open_snapshot(self, lsn: int) -> None:
        """Begin a snapshot: all its rows have one number, its place, so that any later commit is newer than all of them."""
        self._last = max(self._last + 1, lsn)
        self._together = True

    def close_snapshot(self) -> None:
        """End a snapshot: numbers grow again."""
        self._together = False

    def take(self, facts: Iterable[Fact], lsn: int, time_ms: int, trace: str | None = None) -> None:
        """Give facts of one place in the log their numbers, and keep their events until they are handed over. trace: a `traceparent`."""
        for project_id, change in facts:
            if not self._together:
                self._last = max(self._last + 1, lsn)
            origin = Origin(self._mapping.origin, project_id, self._path, self._mapping.source)
            self._waiting += [(trace, event) for event in events(origin, Moment(f"{lsn:X}", self._last, time_ms), [change])]
            self.counts[change.kind] += 1

    async def hand_over(self, publisher: Publisher) -> None:
        """Give the publisher what waits; it may not be acknowledged yet."""
        waiting, self._waiting = self._waiting, []
        for trace, traced in groupby(waiting, itemgetter(0)):
            await publisher.send([event for _, event in traced], trace)

    def note(self, ends: Iterable[Position]) -> None:
        """Write into the memory how far the numbers and the log are; the caller commits it."""
        known = {int(part): int(end) for part, _, end in (one.partition(":") for one in (self._memory.note("ends") or "").split())}
        known |= {one.partition: one.offset for one in ends}
        self._memory.write(number=self._last, ends=" ".join(f"{part}:{end}" for part, end in sorted(known.items())))

    def reset(self) -> Counter[str]:
        """Return the counts since the last call."""
        counts, self.counts = self.counts, Counter()
        return counts


def ends_of(memory: Memory) -> dict[int, int]:
    """Return the ends of `task-changes` after the last acknowledgement that was remembered."""
    return {int(part): int(end) for part, _, end in (one.partition(":") for one in (memory.note("ends") or "").split())}
