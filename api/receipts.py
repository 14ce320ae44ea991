"""Reads the log for what a session did: first which projects it touched, then each of these from its beginning with the worker's fold.

Only the log knows what a row was before; `task-state` has the newest value alone. Nothing is kept between two calls.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final, NamedTuple

import msgspec

from api.problems import Refusal
from api.protocol.receipt import Ledger
from api.settings import ReceiptSettings
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from broker.records import Begin, Record, Refold, records_between, span_of
from schemas.events import Event, decode_event
from schemas.failure import Failure
from schemas.problems import LOG_UNAVAILABLE, RATE, Problem

_TURN: Final = 64
"""Records folded between two looks at the other tasks of the loop."""
_READ_TURN: Final = 2_000


class Spans(NamedTuple):
    """(first offset, end) of the partitions that matter. partitions: of how many."""

    ends: dict[int, tuple[int, int]]
    partitions: int


class Receipts:
    """The edge's way back into `task-changes`. begin: makes the worker's fold; without it there are no receipts."""

    def __init__(self, kafka: KafkaSettings, settings: ReceiptSettings, begin: Begin | None) -> None:
        self._kafka = kafka
        self._settings = settings
        self._begin = begin
        self._places = asyncio.Semaphore(settings.readers)

    async def of(self, session_id: str, projects: Sequence[str]) -> list[Ledger]:
        """Return a ledger for each of these projects that the session touched, by project. Raises `Refusal`."""
        async with self._reading() as begin:
            spans = await self._spans(projects)
            found = await self._find(session_id, projects, spans)
            return [await self._ledger(begin, session_id, project_id, spans) for project_id in sorted(found)]

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Begin]:
        """Take one of the few places for readers. Raises `Refusal`: all are taken for long, or Kafka is away."""
        if self._begin is None:
            raise Refusal(Problem(LOG_UNAVAILABLE, "this edge has no fold for the past"))
        try:
            async with asyncio.timeout(self._settings.wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise Refusal(Problem(RATE, "others read the log now", retry_after_ms=2000)) from None
        try:
            yield self._begin
        except Failure as failure:
            raise Refusal(Problem(LOG_UNAVAILABLE, str(failure), retry_after_ms=2000)) from None
        finally:
            self._places.release()

    async def _spans(self, projects: Sequence[str]) -> Spans:
        """Return (first, end) of each partition that holds one of the projects, the first one moved up to what may be read."""
        spans = await span_of(self._kafka)
        wanted = {partition_for(project_id, len(spans)) for project_id in projects}
        most = self._settings.events
        return Spans({one: (max(first, end - most), end) for one, (first, end) in spans.items() if one in wanted}, len(spans))

    async def _find(self, session_id: str, projects: Sequence[str], spans: Spans) -> set[str]:
        """Return the projects in whose records the session is named. Only records that may name it are decoded."""
        wanted = {project_id.encode(): project_id for project_id in projects}
        needle = msgspec.json.encode(session_id)
        found: set[str] = set()
        async for _, records in self._records(spans.ends):
            for turn in _turns(records, _READ_TURN):
                for record in turn:
                    value, project_id = record.value or b"", wanted.get(record.key or b"")
                    if project_id is not None and project_id not in found and (needle in value or b"\\u" in value):
                        event = _event(record)
                        if event is not None and event.session_id == session_id:
                            found.add(project_id)
                await asyncio.sleep(0)
        return found

    async def _ledger(self, begin: Begin, session_id: str, project_id: str, spans: Spans) -> Ledger:
        """Fold a project's own records: its rows depend on no others."""
        partition, key = partition_for(project_id, spans.partitions), project_id.encode()
        first, end = spans.ends[partition]
        ledger, fold = Ledger(session_id, project_id, whole=first == 0), begin(partition, first, {})
        async for _, records in self._records({partition: (first, end)}):
            for turn in _turns([record for record in records if record.key == key], _TURN):
                feed(ledger, fold, turn)
                await asyncio.sleep(0)
        return ledger

    async def _records(self, spans: Mapping[int, tuple[int, int]]) -> AsyncIterator[tuple[int, Sequence[Record]]]:
        begins = {one: first for one, (first, _) in spans.items()}
        ends = {one: end for one, (_, end) in spans.items()}
        async with aclosing(records_between(self._kafka, begins, ends)) as batches:
            async for batch in batches:
                yield batch


def feed(ledger: Ledger, fold: Refold, records: Sequence[Record]) -> None:
    """Give a ledger some records, in runs that are the session's or none of it."""
    read = [(record, _event(record)) for record in records]
    start = 0
    while start < len(read):
        run = read[start : start + ledger.run_of([event for _, event in read[start:]])]
        start += len(run)
        changed = fold.take([record for record, _ in run])
        ledger.take([(record.offset, event) for record, event in run if event is not None], changed, mine=ledger.mine(run[0][1]))


def _turns(records: Sequence[Record], size: int) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _event(record: Record) -> Event | None:
    try:
        return decode_event(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
