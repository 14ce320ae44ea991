"""The tasks of one project, in pages."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.bulk import positions
from api.edge import Edge
from api.problems import Refusal
from api.protocol.filters import TaskFilter, page_of
from api.routes.summaries import places
from schemas.http import TasksAnswer
from schemas.problems import UNKNOWN_PROJECT, Problem
from schemas.topics import MAX_ID_CHARS

_encode = msgspec.json.Encoder().encode
_DEFAULT_PAGE = 200
Text = Annotated[str | None, Query(max_length=MAX_ID_CHARS)]
Words = Annotated[list[str] | None, Query(max_length=32)]


def router(edge: Edge) -> APIRouter:
    """Return the route of the tasks call."""
    routes = APIRouter(prefix="/api/v2/projects", tags=["tasks"])

    @routes.get("/{project_id:path}/tasks", responses={200: {"model": TasksAnswer}})
    async def tasks(  # noqa: PLR0913  because each query parameter is an argument
        request: Request,
        project_id: str,
        *,
        branch_id: Text = None,
        status: Words = None,
        priority: Words = None,
        q: Text = None,
        after: Text = None,
        limit: Annotated[int, Query(ge=1, le=edge.settings.http.page_tasks)] = _DEFAULT_PAGE,
        min_position: Words = None,
    ) -> Response:
        """Return a page of tasks, ordered by id."""
        principal = await edge.caller(request)
        await edge.reach(places(min_position))
        edge.readable(principal, project_id)
        wanted = TaskFilter(branch_id, frozenset(status or ()), frozenset(priority or ()), q)
        return _page(edge, project_id, wanted, after, limit)

    return routes


def _page(edge: Edge, project_id: str, wanted: TaskFilter, after: str | None, limit: int) -> Response:
    rows = edge.replica.of(project_id)
    if rows is None:
        raise Refusal(Problem(UNKNOWN_PROJECT))
    ids, following = page_of(rows.sorted_tasks(), rows.tasks, wanted, after, limit)
    body = b'{"tasks":[%b],"next":%b,"positions":%b}' % (
        b",".join(rows.tasks[task_id].data for task_id in ids),
        _encode(following),
        _encode(positions(edge.hub, [project_id])),
    )
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-cache"})
