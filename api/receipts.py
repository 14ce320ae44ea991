"""Reads the log for what a session did: first which projects it touched, then each of these from its beginning with the worker's fold.

Only the log knows what a row was before; `task-state` has the newest value alone. Nothing is kept between two calls.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from api.past import TURN, Past, Spans, turns
from api.protocol.receipt import Ledger
from broker.partitioner import partition_for
from broker.records import Begin, Record, Refold
from schemas.events import Event, decode_event

_READ_TURN: Final = 2_000


class Receipts:
    """Ledgers of sessions."""

    def __init__(self, past: Past) -> None:
        self._past = past

    async def of(self, session_id: str, projects: Sequence[str]) -> list[Ledger]:
        """Return a ledger for each of these projects that the session touched, by project. Raises `Refusal`."""
        async with self._past.reading() as begin:
            spans = await self._past.spans(projects)
            found = await self._find(session_id, projects, spans)
            return [await self._ledger(begin, session_id, project_id, spans) for project_id in sorted(found)]

    async def _find(self, session_id: str, projects: Sequence[str], spans: Spans) -> set[str]:
        """Return the projects in whose records the session is named. Only records that may name it are decoded."""
        wanted = {project_id.encode(): project_id for project_id in projects}
        needle = msgspec.json.encode(session_id)
        found: set[str] = set()
        async for _, records in self._past.records(spans.ends):
            for turn in turns(records, _READ_TURN):
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
        async for _, records in self._past.records({partition: (first, end)}):
            for turn in turns([record for record in records if record.key == key], TURN):
                feed(ledger, fold, turn)
                await asyncio.sleep(0)
        return ledger


def feed(ledger: Ledger, fold: Refold, records: Sequence[Record]) -> None:
    """Give a ledger some records, in runs that are the session's or none of it."""
    read = [(record, _event(record)) for record in records]
    start = 0
    while start < len(read):
        run = read[start : start + ledger.run_of([event for _, event in read[start:]])]
        start += len(run)
        changed = fold.take([record for record, _ in run])
        ledger.take([(record.offset, event) for record, event in run if event is not None], changed, mine=ledger.mine(run[0][1]))


def _event(record: Record) -> Event | None:
    try:
        return decode_event(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
