"""Reads the log for what a session did: first which projects it touched, then each of these from its beginning with the worker's fold.

Only the log knows what a row was before; `task-state` has the newest value alone. Nothing is kept between two calls.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from api.past import FEW, TURN, TURN_ASIDE, Log, Past, Spans, turns
from api.protocol.receipt import Ledger
from api.protocol.told import Account, Most, account
from broker.partitioner import partition_for
from broker.records import Begin, Record, Refold
from schemas.events import Event, decode_event

_READ_TURN: Final = 2_000


class Asked(NamedTuple):
    """What is wanted: the accounts of a session in these projects, from these spans of the log. Can be handed to another process.

    turn: records that are folded at once.
    """

    log: Log
    begin: Begin
    session_id: str
    projects: tuple[str, ...]
    spans: Spans
    most: Most
    turn: int = TURN


class Receipts:
    """Accounts of sessions."""

    def __init__(self, past: Past) -> None:
        self._past = past

    async def of(self, session_id: str, projects: Sequence[str], most: Most) -> Account:
        """Return what the session did to these projects. Raises `Refusal`."""
        async with self._past.reading() as begin:
            spans = await self._past.log.spans(projects)
            asked = Asked(self._past.log, begin, session_id, tuple(projects), spans, most)
            if spans.records <= FEW:
                return await read(asked)
            return await self._past.aside(_read_aside, asked._replace(turn=TURN_ASIDE), spans.records)


def _read_aside(asked: Asked) -> Account:
    return asyncio.run(read(asked))


async def read(asked: Asked) -> Account:
    """Return what was asked for."""
    found = sorted(await _find(asked))
    return account(asked.session_id, [await _ledger(asked, project_id) for project_id in found], asked.most)


async def _find(asked: Asked) -> set[str]:
    """Return the projects in whose records the session is named. Only records that may name it are decoded."""
    wanted = {project_id.encode(): project_id for project_id in asked.projects}
    needle = msgspec.json.encode(asked.session_id)
    found: set[str] = set()
    async for _, records in asked.log.records(asked.spans.ends):
        for turn in turns(records, _READ_TURN):
            for record in turn:
                value, project_id = record.value or b"", wanted.get(record.key or b"")
                if project_id is not None and project_id not in found and (needle in value or b"\\u" in value):
                    event = _event(record)
                    if event is not None and event.session_id == asked.session_id:
                        found.add(project_id)
            await asyncio.sleep(0)
    return found


async def _ledger(asked: Asked, project_id: str) -> Ledger:
    """Fold a project's own records: its rows depend on no others."""
    partition, key = partition_for(project_id, asked.spans.partitions), project_id.encode()
    first, end = asked.spans.ends[partition]
    ledger, fold = Ledger(asked.session_id, project_id, whole=first == 0), asked.begin(partition, first, {})
    async for _, records in asked.log.records({partition: (first, end)}):
        for turn in turns([record for record in records if record.key == key], asked.turn):
            feed(ledger, fold, turn)
            await asyncio.sleep(0)
    return ledger


def feed(ledger: Ledger, fold: Refold, records: Sequence[Record]) -> None:
    """Give a ledger some records, in runs that are the session's or none of it."""
    pairs = [(record, _event(record)) for record in records]
    start = 0
    while start < len(pairs):
        run = pairs[start : start + ledger.run_of([event for _, event in pairs[start:]])]
        start += len(run)
        changed = fold.take([record for record, _ in run])
        ledger.take([(record.offset, event) for record, event in run if event is not None], changed, mine=ledger.mine(run[0][1]))


def _event(record: Record) -> Event | None:
    try:
        return decode_event(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
