"""Reads what a former owner wrote between our batches, and has our rows written again (architecture 5.7)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from streams.domain.sole_writer import Ends, Gap

ReadGap = Callable[[int, int, int], Awaitable[Mapping[bytes, bytes]]]


class Left(NamedTuple):
    """What is left to do about a gap. sent: rows were sent for it, so it is `closed` once they are acknowledged. reach: see `reach`."""

    sent: bool
    reach: int


class Mender:
    """Takes the places of acknowledged batches and looks into every gap between them, one after the other.

    start: end of `task-state` as it was restored. read: newest values by key for partition, begin, end. rewrite: told what a gap
    holds; it sends what is needed and says what that leaves.
    """

    def __init__(self, partition: int, start: int, read: ReadGap, rewrite: Callable[[Gap, Mapping[bytes, bytes]], Left]) -> None:
        self._partition = partition
        self._ends = Ends(start)
        self._read = read
        self._rewrite = rewrite
        self._gaps: asyncio.Queue[Gap] = asyncio.Queue()
        self._open: dict[Gap, None] = {}
        self._beyond: dict[Gap, int] = {}

    def acknowledged(self, places: Iterable[tuple[int, int]]) -> None:
        """Take in batches, (first offset, records) in order."""
        for gap in self._ends.gaps(places):
            self._open[gap] = None
            self._gaps.put_nowait(gap)

    def closed(self, gap: Gap) -> None:
        """Note that nothing of a gap hides a row of ours any more."""
        self._open.pop(gap, None)

    def known(self, last: int, through: int) -> int:
        """Return the offset up to which nobody needs to read the topic again, at most `last`. through: end of this owner's durable rows.

        Open gaps are left to the next owner, and so are those that tell of more than these rows.
        """
        self._beyond = {gap: end for gap, end in self._beyond.items() if end > through}
        return min((last, *(gap.begin - 1 for gap in (*self._open, *self._beyond))))

    async def run(self) -> None:
        """Look into gaps until cancelled. Raises what reading raises."""
        while True:
            gap = await self._gaps.get()
            left = self._rewrite(gap, await self._read(self._partition, gap.begin, gap.end))
            self._beyond[gap] = left.reach
            if not left.sent:
                self.closed(gap)
            self._gaps.task_done()

    async def caught_up(self) -> None:
        """Wait until every gap was looked into."""
        await self._gaps.join()
