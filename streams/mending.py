"""Reads what a former owner wrote between our batches, and has our rows written again (architecture 5.7)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from streams.domain.sole_writer import Ends, Gap

ReadGap = Callable[[int, int, int], Awaitable[Mapping[bytes, bytes]]]


class Mender:
    """Takes the places of acknowledged batches and looks into every gap between them, one after the other.

    start: end of `task-state` as it was restored. read: newest values by key for partition, begin, end. rewrite: told what a gap
    holds; it sends what is needed and returns whether that was anything: the gap is `closed` once it is acknowledged.
    """

    def __init__(self, partition: int, start: int, read: ReadGap, rewrite: Callable[[Gap, Mapping[bytes, bytes]], bool]) -> None:
        self._partition = partition
        self._ends = Ends(start)
        self._read = read
        self._rewrite = rewrite
        self._gaps: asyncio.Queue[Gap] = asyncio.Queue()
        self._open: dict[Gap, None] = {}

    def acknowledged(self, places: Iterable[tuple[int, int]]) -> None:
        """Take in batches, (first offset, records) in order."""
        for gap in self._ends.gaps(places):
            self._open[gap] = None
            self._gaps.put_nowait(gap)

    def closed(self, gap: Gap) -> None:
        """Note that nothing of a gap hides a row of ours any more."""
        self._open.pop(gap, None)

    def known(self, last: int) -> int:
        """Return the offset up to which nobody needs to read the topic again, at most `last`: open gaps are left to the next owner."""
        return min(last, *(gap.begin - 1 for gap in self._open)) if self._open else last

    async def run(self) -> None:
        """Look into gaps until cancelled. Raises what reading raises."""
        while True:
            gap = await self._gaps.get()
            if not self._rewrite(gap, await self._read(self._partition, gap.begin, gap.end)):
                self.closed(gap)
            self._gaps.task_done()

    async def caught_up(self) -> None:
        """Wait until every gap was looked into."""
        await self._gaps.join()
