"""How the open tasks of a branch or project went over time."""

from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.edge import Edge
from api.problems import Refusal
from broker.burndown import By
from schemas.http import BurnDownAnswer
from schemas.problems import NOT_FOUND, Problem
from schemas.topics import MAX_ID_CHARS, row_key

_encode = msgspec.json.Encoder().encode
_FEW: Final = 72
"""Hours that are still told one by one when nobody says how."""
_MOST: Final = 5_000


def router(edge: Edge) -> APIRouter:
    """Return the route of burn-downs."""
    routes = APIRouter(prefix="/api/v2/projects", tags=["views"])

    @routes.get("/{project_id:path}/burndown", responses={200: {"model": BurnDownAnswer}})
    async def burndown(
        request: Request,
        project_id: str,
        branch_id: Annotated[str | None, Query(max_length=MAX_ID_CHARS)] = None,
        by: Annotated[Literal["hour", "day"] | None, Query(description="Without it: hours while they are few, else days.")] = None,
    ) -> Response:
        """Return the counts at the end of each hour or day in which they changed, by the time of the events, the newest 5000."""
        edge.readable(await edge.caller(request), project_id)
        downs, whole = await edge.histories.of(project_id)
        kind = "project" if branch_id is None else "branch"
        key = row_key(kind, project_id, branch_id or project_id)
        hours = downs.of(key, "hour")
        if not hours:
            raise Refusal(Problem(NOT_FOUND, f"nothing is known of {kind} {branch_id or project_id}"))
        chosen: By = by or ("hour" if len(hours) <= _FEW else "day")
        points = hours if chosen == "hour" else downs.of(key, "day")
        head = {"project_id": project_id, "branch_id": branch_id, "by": chosen, "points": points[-_MOST:], "complete": whole}
        return Response(_encode(head), media_type="application/json", headers={"Cache-Control": "private, no-store"})

    return routes
