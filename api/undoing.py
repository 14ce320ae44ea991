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
from api.protocol.requests import ChangeRequest
from api.protocol.told import Account, Most
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
    return (await _account(edge, principal, session_id, project_id)).receipt


async def undo(edge: Edge, asker: Asker, session_id: str, project_id: str | None) -> dict[str, Any]:
    """Take back what nobody changed since, and return what is as it was before and what is not. Raises `Refusal`."""
    first = found = await _account(edge, asker.principal, session_id, project_id)
    projects = first.receipt["projects"]
    for name in projects:
        if (refused := refusal(asker.principal, Action.WRITE, name, edge.replica)) is not None:
            raise Refusal(refused)
    positions: list[Position] = []
    for _ in range(edge.settings.receipts.rounds):
        if not found.changes:
            break
        for start in range(0, len(found.changes), _CHUNK):
            positions += await _written(edge, asker, found.changes[start : start + _CHUNK])
        found = await edge.receipts.of(session_id, projects, _most(edge))
    return {
        "undone": len(first.open - found.open),
        "left": found.left,
        "receipt": found.receipt,
        "positions": ends_of(positions),
    }


def _most(edge: Edge) -> Most:
    return Most(edge.settings.receipts.rows, edge.settings.http.changes_per_call)


async def _account(edge: Edge, principal: Principal, session_id: str, project_id: str | None) -> Account:
    if project_id is not None:
        edge.known(principal, project_id)
    projects = readable(principal, edge.replica) if project_id is None else [project_id]
    found = await edge.receipts.of(session_id, projects, _most(edge))
    if not found.receipt["projects"]:
        raise Refusal(Problem(UNKNOWN_SESSION, f"session {session_id}"))
    return found


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
