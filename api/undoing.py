"""Takes back what a session did, on request: plan, write, wait for the worker, and again while something is still in the way."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from api.decisions import Decisions
from api.edge import Edge
from api.now import fill, now_ms
from api.problems import Refusal
from api.producer import confirmed, ends_of
from api.protocol.access import Action, Principal, readable, refusal
from api.protocol.receipt import Ledger
from api.protocol.requests import ChangeRequest
from api.protocol.told import Most, rows_of, told
from api.protocol.undo import plan_of
from api.protocol.writes import Write, write_of
from schemas.messages import Position
from schemas.problems import UNKNOWN_SESSION, Problem

_CHUNK: Final = 500


class Asker(NamedTuple):
    """Who asks, and as what an undo is written: source and session go into its events."""

    principal: Principal
    source: str | None = None
    session_id: str | None = None


async def receipt(edge: Edge, principal: Principal, session_id: str, project_id: str | None) -> dict[str, Any]:
    """Return the receipt of a session over all projects that the caller may read, or one of them. Raises `Refusal`."""
    ledgers = await _ledgers(edge, principal, session_id, project_id)
    return told(session_id, ledgers, _most(edge))


async def undo(edge: Edge, asker: Asker, session_id: str, project_id: str | None) -> dict[str, Any]:
    """Take back what nobody changed since, and return what is as it was before and what is not. Raises `Refusal`."""
    ledgers = await _ledgers(edge, asker.principal, session_id, project_id)
    for ledger in ledgers:
        if (refused := refusal(asker.principal, Action.WRITE, ledger.project_id, edge.replica)) is not None:
            raise Refusal(refused)
    first, positions = _open(ledgers), list[Position]()
    for _ in range(edge.settings.receipts.rounds):
        requests = [change for ledger in ledgers for change in plan_of(ledger).changes]
        if not requests:
            break
        for start in range(0, len(requests), _CHUNK):
            positions += await _written(edge, asker, requests[start : start + _CHUNK])
        ledgers = await edge.receipts.of(session_id, [ledger.project_id for ledger in ledgers])
    rows = [row for ledger in ledgers for row in rows_of(ledger, plan_of(ledger))]
    return {
        "undone": len(first - _open(ledgers)),
        "left": [row for row in rows if row["left"] is not None or row["undo"] is not None][: edge.settings.receipts.rows],
        "receipt": told(session_id, ledgers, _most(edge)),
        "positions": ends_of(positions),
    }


def _open(ledgers: Sequence[Ledger]) -> set[tuple[str, str, str]]:
    """Return the rows that are otherwise than before the session."""
    return {
        (row["project_id"], row["entity"], row["id"])
        for ledger in ledgers
        for row in rows_of(ledger, plan_of(ledger))
        if row["before"] != row["now"]
    }


def _most(edge: Edge) -> Most:
    return Most(edge.settings.receipts.rows, edge.settings.http.changes_per_call)


async def _ledgers(edge: Edge, principal: Principal, session_id: str, project_id: str | None) -> list[Ledger]:
    if project_id is not None:
        edge.known(principal, project_id)
    projects = readable(principal, edge.replica) if project_id is None else [project_id]
    ledgers = await edge.receipts.of(session_id, projects)
    if not ledgers:
        raise Refusal(Problem(UNKNOWN_SESSION, f"session {session_id}"))
    return ledgers


async def _written(edge: Edge, asker: Asker, requests: Sequence[ChangeRequest]) -> list[Position]:
    """Write changes and wait for the worker's decisions; returns their positions. What it rejects shows in the next plan."""
    writes = [_write(edge, asker, request) for request in requests]
    decisions = Decisions(edge.hub, writes, now_ms() + edge.settings.limits.waiting_ms)
    try:
        appended = confirmed(await asyncio.gather(*[await edge.changes.append(write) for write in writes]))
        await decisions.within(edge.settings.http.decision_wait_s)
    finally:
        decisions.leave()
    return [answer.position for answer in appended]


def _write(edge: Edge, asker: Asker, request: ChangeRequest) -> Write:
    request.source, request.session_id = asker.source, asker.session_id
    write = write_of(request, asker.principal, edge.replica, fill())
    if isinstance(write, Problem):
        raise Refusal(write)
    return write
