"""The edge's way back into `task-changes`: few read at once, with the worker's fold in their hand.

What is long is read in a process of its own: folding keeps a thread busy, and frames would wait for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final, NamedTuple, TypeVar

import structlog
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from api.problems import Refusal
from api.settings import ReceiptSettings
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from broker.records import Begin, Record, records_between, span_of
from schemas.failure import Failure
from schemas.problems import LOG_UNAVAILABLE, RATE, Problem

log = structlog.get_logger()
TURN: Final = 16
"""Records folded between two looks at the other tasks of the loop: about a millisecond."""
TURN_ASIDE: Final = 64
"""Where nobody waits, the fold is cheaper in larger steps."""
FEW: Final = 2_000
"""Records for which a process of their own is not worth its start."""
_Asked = TypeVar("_Asked")
_Found = TypeVar("_Found")


class Spans(NamedTuple):
    """(first offset, end) of the partitions that matter. partitions: of how many."""

    ends: dict[int, tuple[int, int]]
    partitions: int

    @property
    def records(self) -> int:
        """Return how many records there are at most."""
        return sum(end - first for first, end in self.ends.values())


class Log(NamedTuple):
    """`task-changes`, of which the newest `events` of each partition may be read. Can be handed to another process."""

    kafka: KafkaSettings
    events: int

    async def spans(self, projects: Sequence[str]) -> Spans:
        """Return (first, end) of each partition that holds one of the projects, the first one moved up to what may be read."""
        spans = await span_of(self.kafka)
        wanted = {partition_for(project_id, len(spans)) for project_id in projects}
        most = self.events
        return Spans({one: (max(first, end - most), end) for one, (first, end) in spans.items() if one in wanted}, len(spans))

    async def records(self, spans: Mapping[int, tuple[int, int]]) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        """Yield (partition, records) of these spans, in order."""
        begins = {one: first for one, (first, _) in spans.items()}
        ends = {one: end for one, (_, end) in spans.items()}
        async with aclosing(records_between(self.kafka, begins, ends)) as batches:
            async for batch in batches:
                yield batch


class Past:
    """begin: makes the worker's fold; without it nothing can be asked about the past."""

    def __init__(self, kafka: KafkaSettings, settings: ReceiptSettings, begin: Begin | None) -> None:
        self.settings = settings
        self.log = Log(kafka, settings.events)
        self._begin = begin
        self._places = asyncio.Semaphore(settings.readers)
        self._processes = CapacityLimiter(settings.readers)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Begin]:
        """Take one of the few places for readers. Raises `Refusal`: all are taken for long, or Kafka is away."""
        if self._begin is None:
            raise Refusal(Problem(LOG_UNAVAILABLE, "this edge has no fold for the past"))
        try:
            async with asyncio.timeout(self.settings.wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise Refusal(Problem(RATE, "others read the log now", retry_after_ms=2000)) from None
        try:
            yield self._begin
        except Failure as failure:
            raise Refusal(Problem(LOG_UNAVAILABLE, str(failure), retry_after_ms=2000)) from None
        finally:
            self._places.release()

    async def aside(self, work: Callable[[_Asked], _Found], asked: _Asked, records: int) -> _Found:
        """Have it done by another process. Raises `Refusal` when that one ends before. records: how many there are, for the log."""
        try:
            return await to_process.run_sync(work, asked, cancellable=True, limiter=self._processes)
        except BrokenWorkerProcess as error:
            log.warning("reader_lost", reason=repr(error.__cause__ or error), records=records)
            raise Refusal(Problem(LOG_UNAVAILABLE, "the log could not be read to its end", retry_after_ms=2000)) from None


def turns(records: Sequence[Record], size: int) -> Iterator[Sequence[Record]]:
    """Yield records in pieces."""
    for start in range(0, len(records), size):
        yield records[start : start + size]
