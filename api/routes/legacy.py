"""The calls of version 1, for clients that have not moved yet: the same rows, marked as deprecated by their headers."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Final
from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.bulk import positions
from api.edge import Edge
from api.problems import Refusal
from api.protocol.access import Principal, readable
from api.routes.summaries import places
from schemas.http import LegacyBranchAnswer, LegacyProjectAnswer
from schemas.problems import INVALID_REQUEST, NOT_FOUND, Problem

SINCE: Final = datetime(2026, 11, 23, tzinfo=UTC)
SUNSET: Final = datetime(2027, 11, 30, tzinfo=UTC)
_SUCCESSOR: Final = "/api/v2/branches/summaries"
_encode: Final = msgspec.json.Encoder().encode


def router(edge: Edge) -> APIRouter:
    """Return the routes of version 1."""
    routes = APIRouter(prefix="/api/v1", tags=["legacy"], deprecated=True)

    @routes.get("/projects/{project_id:path}/branches/summaries", responses={200: {"model": LegacyProjectAnswer}})
    async def of_project(
        request: Request, project_id: str, min_position: Annotated[list[str] | None, Query()] = None, *, include_archived: bool = False
    ) -> Response:
        """Return the summaries of one project's branches. min_position: wait until the answer includes it."""
        principal = await edge.caller(request)
        await edge.reach(places(min_position))
        edge.readable(principal, project_id)
        rows = edge.replica.of(project_id)
        entries = [] if rows is None else sorted(rows.branches.values(), key=lambda entry: entry.id)
        shown = [entry.data for entry in entries if not entry.deleted and (include_archived or not entry.archived)]
        body = b'{"project":%b,"branches":[%b],"total_branches":%d,"positions":%b}' % (
            edge.replica.project(project_id) or b"null",
            b",".join(shown),
            len(shown),
            _encode(positions(edge.hub, [project_id])),
        )
        return _answer(body, project_id)

    @routes.get("/branches/{branch_id:path}/summary", responses={200: {"model": LegacyBranchAnswer}})
    async def of_branch(
        request: Request,
        branch_id: str,
        project_id: Annotated[str | None, Query()] = None,
        min_position: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        """Return the summary of one branch. project_id: needed where several projects have a branch of this id."""
        principal = await edge.caller(request)
        await edge.reach(places(min_position))
        if project_id is not None:
            edge.readable(principal, project_id)
        found = _find(edge, principal, branch_id, project_id)
        if not found:
            raise Refusal(Problem(NOT_FOUND, f"branch {branch_id}"))
        if len(found) > 1:
            raise Refusal(Problem(INVALID_REQUEST, errors=("project_id: several projects have this branch",)))
        [(owner, data)] = found.items()
        return _answer(b'{"branch":%b,"positions":%b}' % (data, _encode(positions(edge.hub, [owner]))), owner)

    return routes


def _find(edge: Edge, principal: Principal, branch_id: str, project_id: str | None) -> dict[str, bytes]:
    """Return the row of the branch by project, of those that the caller may read."""
    names = readable(principal, edge.replica) if project_id is None else [project_id]
    found: dict[str, bytes] = {}
    for name in names:
        rows = edge.replica.of(name)
        entry = None if rows is None else rows.branches.get(branch_id)
        if entry is not None and not entry.deleted:
            found[name] = entry.data
    return found


def _answer(body: bytes, project_id: str) -> Response:
    """Return an answer that says since when it is deprecated (RFC 9745), until when it is there (RFC 8594), and what replaces it."""
    successor = f"{_SUCCESSOR}?{urlencode({'project_id': project_id}, quote_via=quote)}"
    headers = {
        "Cache-Control": "private, no-cache",
        "Deprecation": f"@{int(SINCE.timestamp())}",
        "Sunset": format_datetime(SUNSET, usegmt=True),
        "Link": f'<{successor}>; rel="successor-version"',
    }
    return Response(body, headers=headers, media_type="application/json")
