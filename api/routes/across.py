"""What goes across projects: the tasks that changed last, and tasks found by their title."""

import asyncio
from operator import itemgetter
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct

from api.edge import Edge
from api.latest import Latest
from api.minutes import last_minutes, windows_of
from api.now import now_ms
from api.protocol.access import readable
from api.protocol.filters import TaskFilter, page_of
from schemas.http import FoundAnswer, RecentAnswer
from schemas.topics import MAX_ID_CHARS

_encode = msgspec.json.Encoder().encode
_HEADERS = {"Cache-Control": "private, no-cache"}
_MOST = 100
_SOME = 20


class _When(Struct):
    last_activity: str | None = None


_decode = msgspec.json.Decoder(_When).decode
Limit = Annotated[int, Query(ge=1, le=_MOST)]


def router(edge: Edge) -> APIRouter:
    """Return the routes that go across projects."""
    routes = APIRouter(prefix="/api/v2", tags=["tasks"])
    latest = Latest(edge.replica, _MOST)

    @routes.get("/recent", responses={200: {"model": RecentAnswer}})
    async def recent(request: Request, limit: Limit = _MOST) -> Response:
        """Return the tasks of the caller's projects that changed last, newest first; and by project the minutes of the last hour."""
        projects = readable(await edge.caller(request), edge.replica)
        tasks = [(_decode(task.data).last_activity or "", task.stamp, task.data) for name in projects for task in latest.of(name)[:limit]]
        tasks.sort(key=itemgetter(0, 1), reverse=True)
        minutes = last_minutes(now_ms())
        windows = [(name, b",".join(windows_of(edge.replica, name, minutes))) for name in projects]
        activity = b",".join(b"%b:[%b]" % (_encode(name), rows) for name, rows in windows if rows)
        body = b'{"tasks":[%b],"activity":{%b}}' % (b",".join(data for _, _, data in tasks[:limit]), activity)
        return Response(body, media_type="application/json", headers=_HEADERS)

    @routes.get("/tasks", responses={200: {"model": FoundAnswer}})
    async def tasks(request: Request, q: Annotated[str, Query(min_length=1, max_length=MAX_ID_CHARS)], limit: Limit = _SOME) -> Response:
        """Return tasks of all of the caller's projects that have these words in their title."""
        found: list[bytes] = []
        more = False
        for name in readable(await edge.caller(request), edge.replica):
            rows = edge.replica.of(name)
            if rows is None:
                continue
            ids, following = page_of(rows.sorted_tasks(), rows.tasks, TaskFilter(q=q), None, limit - len(found))
            found += [rows.tasks[task_id].data for task_id in ids]
            more = more or following is not None
            if len(found) >= limit:
                more = True
                break
            await asyncio.sleep(0)  # projects are many: others are served between two of them
        body = b'{"tasks":[%b],"more":%b}' % (b",".join(found), _encode(more))
        return Response(body, media_type="application/json", headers=_HEADERS)

    return routes
