"""Writing over HTTP: one event, a list of them, or NDJSON; all or none are put into the log."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Request, Response

from api import openapi
from api.decisions import Decision, Decisions, preferred_s
from api.edge import Edge
from api.now import fill, now_ms
from api.problems import Refusal
from api.producer import Appended, confirmed, ends_of
from api.protocol.access import Principal
from api.protocol.requests import ChangeRequest, requests_of
from api.protocol.writes import Write, write_of
from schemas.http import ChangesAnswer
from schemas.problems import INVALID_CHANGE, TOO_LARGE, Problem
from schemas.topics import TRACEPARENT

_encode = msgspec.json.Encoder().encode
_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines")
_SHOWN_ERRORS = 20
Prefer = Annotated[
    str | None,
    Header(description="`wait=<seconds>`: wait for the worker's decisions; answered with 200 when all of them came in time."),
]


def router(edge: Edge) -> APIRouter:
    """Return the route of writes."""
    routes = APIRouter(prefix="/api/v2", tags=["changes"])

    answers: dict[int | str, dict[str, Any]] = {200: {"model": ChangesAnswer}, 202: {"model": ChangesAnswer}}

    @routes.post("/changes", status_code=202, responses=answers, openapi_extra=_body(edge.settings.http.changes_per_call))
    async def changes(request: Request, prefer: Prefer = None) -> Response:
        """Put changes into the log; answered with their positions once the broker has confirmed all of them."""
        principal = await edge.caller(request)
        lines = request.headers.get("content-type", "").split(";")[0].strip().lower() in _NDJSON
        requests = requests_of(await edge.body(request), lines=lines)
        if isinstance(requests, Problem):
            raise Refusal(requests)
        if len(requests) > edge.settings.http.changes_per_call:
            raise Refusal(Problem(TOO_LARGE, f"at most {edge.settings.http.changes_per_call} changes a call"))
        wait_s = preferred_s(prefer, edge.settings.http.decision_wait_s)
        return await _written(edge, _writes(edge, requests, principal), wait_s, request.headers.get(TRACEPARENT))

    return routes


def _body(most: int) -> dict[str, Any]:
    one = openapi.ref("ChangeRequest")
    many = {"type": "array", "items": one, "maxItems": most}
    lines = {"type": "string", "description": "One `ChangeRequest` a line."}
    return openapi.body({"application/json": {"schema": {"anyOf": [one, many]}}, _NDJSON[0]: {"schema": lines}})


async def _written(edge: Edge, writes: Sequence[Write], wait_s: float, trace: str | None) -> Response:
    """Write the changes, and wait for the worker's decisions if that is wished. Raises `Refusal`."""
    decisions = Decisions(edge.hub, writes if wait_s else (), now_ms() + edge.settings.limits.waiting_ms)
    try:
        answers = [await edge.changes.append(write, trace) for write in writes]
        appended = confirmed(await asyncio.gather(*answers))
        for write, answer in zip(writes, appended, strict=True):
            if answer.known:
                decisions.known(write.event.id)
        found = await decisions.within(wait_s) if wait_s else {}
    finally:
        decisions.leave()
    response = _taken(writes, appended, found)
    if wait_s and len(found) == len({write.event.id for write in writes}):
        response.status_code = 200
        response.headers["Preference-Applied"] = f"wait={wait_s:g}"
    return response


def _writes(edge: Edge, requests: Sequence[ChangeRequest], principal: Principal) -> list[Write]:
    made = [write_of(request, principal, edge.replica, fill()) for request in requests]
    problems = [(index, one) for index, one in enumerate(made) if isinstance(one, Problem)]
    if len(made) == 1 and problems:
        raise Refusal(problems[0][1])
    if problems:
        errors = tuple(f"{index}: {'; '.join(one.errors) or one.detail or one.type.title}" for index, one in problems[:_SHOWN_ERRORS])
        kinds = {one.type for _, one in problems}
        raise Refusal(Problem(kinds.pop() if len(kinds) == 1 else INVALID_CHANGE, "nothing was written", errors))
    return [one for one in made if isinstance(one, Write)]


def _taken(writes: Sequence[Write], appended: Sequence[Appended], found: Mapping[str, Decision]) -> Response:
    changes = [
        {"id": write.event.id, "correlation_id": write.event.correlation_id, "position": answer.position}
        | (found[write.event.id]._asdict() if write.event.id in found else {})
        for write, answer in zip(writes, appended, strict=True)
    ]
    positions = ends_of(answer.position for answer in appended)
    return Response(_encode({"changes": changes, "positions": positions}), 202, media_type="application/json")
