"""The bulk call: all summaries in one answer."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api import openapi
from api.bulk import Answer, positions
from api.edge import Edge
from api.packing import takes_gzip
from api.pieces import Pieces
from api.problems import Refusal, read_as
from api.protocol.access import Principal, may_act_as, readable
from schemas.http import BulkAnswer, BulkRequest, PlaceModel
from schemas.problems import FEATURE, FORBIDDEN, INVALID_REQUEST, Problem

_encode = msgspec.json.Encoder().encode
_HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Encoding"}
_BODY: Final = openapi.body({"application/json": {"schema": openapi.ref("BulkRequest")}}, required=False)
_ASIDE: Final = 131_072
"""Bytes that take some milliseconds to pack."""


def router(edge: Edge) -> APIRouter:
    """Return the routes of the bulk call."""
    routes = APIRouter(prefix="/api/v2/branches/summaries", tags=["summaries"])

    @routes.post("/bulk", responses={200: {"model": BulkAnswer}}, openapi_extra=_BODY)
    async def bulk(request: Request) -> Response:
        """Return all summaries of the caller's projects, or of those named."""
        started = time.perf_counter()
        principal, left = await _caller(edge, request)
        asked = read_as(BulkRequest, await edge.body(request) or b"{}")
        answer, cached = await _answer(edge, request, principal, asked)
        answer.headers.update(left)
        edge.meters.bulk(time.perf_counter() - started, cached=cached)
        return answer

    @routes.get("", responses={200: {"model": BulkAnswer}, 304: {}})
    async def summaries(
        request: Request,
        project_id: Annotated[list[str] | None, Query()] = None,
        min_position: Annotated[list[str] | None, Query()] = None,
        *,
        include_archived: bool = False,
    ) -> Response:
        """Return the same as the bulk call, with an ETag."""
        started = time.perf_counter()
        principal, left = await _caller(edge, request)
        asked = BulkRequest(project_ids=project_id, include_archived=include_archived, min_position=places(min_position))
        answer, cached = await _answer(edge, request, principal, asked)
        edge.meters.bulk(time.perf_counter() - started, cached=cached)
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if answer.headers["etag"].removeprefix("W/") in known:
            return Response(status_code=304, headers={**_HEADERS, **left, "ETag": answer.headers["etag"]})
        answer.headers.update(left)
        return answer

    return routes


async def _caller(edge: Edge, request: Request) -> tuple[Principal, dict[str, str]]:
    """Return who calls, and the headers that say how often it still may. Raises `Refusal`, also while FEATURE_BULK_API is off."""
    principal = await edge.caller(request)
    if not edge.settings.feature_bulk_api:
        raise Refusal(Problem(FEATURE))
    return principal, await edge.quota.take(principal)


def places(texts: Sequence[str] | None) -> list[PlaceModel]:
    """Return positions written as `<partition>:<offset>`. Raises `Refusal`."""
    try:
        pairs = [text.split(":", 1) for text in texts or ()]
        return [PlaceModel(partition=int(partition), offset=int(offset)) for partition, offset in pairs]
    except ValueError:
        raise Refusal(Problem(INVALID_REQUEST, errors=("min_position: <partition>:<offset>",))) from None


async def _answer(edge: Edge, request: Request, principal: Principal, asked: BulkRequest) -> tuple[Response, bool]:
    wanted = asked.min_position
    await edge.reach(wanted if isinstance(wanted, list) else [] if wanted is None else [wanted])
    projects = _projects(edge, principal, asked)
    epochs = ",".join(edge.hub.places[partition].epoch for partition in sorted(edge.hub.places))
    answer, cached = edge.cache.get(projects, epochs, archived=asked.include_archived, fresh=asked.force_refresh)
    metadata = _encode(
        {
            "positions": positions(edge.hub, projects),
            "degraded": answer.degraded,
            "cached": cached,
            "generated_ms": answer.generated_ms,
        }
    )
    headers = {**_HEADERS, "ETag": f'W/"{answer.key}"'}
    if asked.known_cache_key == answer.key:
        body = b'{"unchanged":true,"cache_key":"%b","metadata":%b}' % (answer.key.encode(), metadata)
        return Pieces([body], headers), cached
    tail = _tail(answer, metadata)
    if answer.size >= edge.settings.http.compress_bytes and takes_gzip(request.headers.get("accept-encoding", "")):
        return Pieces(await _packed(answer, tail), headers | {"Content-Encoding": "gzip"}), cached
    return Pieces(answer.plain(tail), headers), cached


def _tail(answer: Answer, metadata: bytes) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return b',"metadata":%b,"cache_key":"%b","timestamp":"%b"}' % (metadata, answer.key.encode(), now.encode())


async def _packed(answer: Answer, tail: bytes) -> list[bytes]:
    """Return the answer as gzip. What would take long is done aside: meanwhile frames go out."""
    if answer.to_pack < _ASIDE:
        return answer.packed(tail)
    return await asyncio.to_thread(answer.packed, tail)


def _projects(edge: Edge, principal: Principal, asked: BulkRequest) -> list[str]:
    """Return whose summaries are answered. Named ones must be readable; otherwise all that are, of another user those it is a member of."""
    if asked.user_id is not None and not may_act_as(principal, asked.user_id):
        raise Refusal(Problem(FORBIDDEN, "user_id must be the caller"))
    if asked.project_ids is not None:
        for project_id in asked.project_ids:
            edge.readable(principal, project_id)
        return sorted(set(asked.project_ids))
    if asked.user_id is None or asked.user_id == principal.subject:
        return readable(principal, edge.replica)
    return readable(Principal(asked.user_id, frozenset(), grants=principal.grants), edge.replica)
