"""Tables for analysts: filtered, sorted, page by page, in the format that their tool reads."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.openapi.models import Example
from msgspec import Struct

from api.edge import Edge
from api.problems import Refusal
from api.protocol.access import Principal, readable
from api.protocol.pages import Page
from api.protocol.views import Asked, Wish, asked_of
from api.replica import Entry
from api.routes.summaries import places
from api.tabular import FORMATS, Format, chosen, to_json
from schemas.http import ViewAnswer
from schemas.problems import NOT_ACCEPTABLE, Problem
from schemas.rows import ROW_TYPES
from schemas.tables import ACTIVITY, BRANCHES, PROJECTS, TASKS, Table
from schemas.topics import MAX_ID_CHARS

VIEWS: Final = {table.name: table for table in (PROJECTS, BRANCHES, TASKS, ACTIVITY)}
_SLICE: Final = 256
"""Rows between two looks at the other tasks of the loop."""
_DECODERS: Final = {kind: msgspec.json.Decoder(model).decode for kind, model in ROW_TYPES.items()}
_encode: Final = msgspec.json.Encoder().encode
_EXAMPLE: Final = {
    "view": "branches",
    "columns": ["branch_id", "total_tasks", "completed_tasks"],
    "rows": [{"branch_id": "main", "total_tasks": 12, "completed_tasks": 7}],
    "next": None,
    "positions": [{"partition": 2, "offset": 91}],
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": ViewAnswer,
        "description": "One page. `Link` with `rel=next` is the next one, `Anabranch-Positions` what `min_position` takes.",
        "content": {"application/json": {"example": _EXAMPLE}, **{one.media_type: {} for one in FORMATS[1:]}},
    },
    406: {"description": "None of the formats is accepted."},
}
Name = Annotated[Literal["projects", "branches", "tasks", "activity"], "a view"]
Texts = Annotated[list[str] | None, Query(max_length=64)]
Projects = Annotated[
    list[str] | None, Query(max_length=1000, description="Only these projects.", openapi_examples={"one": Example(value=["my-project"])})
]
Where = Annotated[
    list[str] | None,
    Query(
        max_length=32,
        description="Conditions `<column><operator><value>`, all of which hold. Operators: `= != < <= > >=`, and `~` (text within, or an "
        "entry of a list). `=` and `!=` take several values with `|` between. Counts are named by part: `priority_breakdown.high>=1`.",
        openapi_examples={
            "open": Example(value=["status!=done|cancelled|archived"]),
            "urgent": Example(value=["priority_breakdown.urgent>=1", "last_activity>=2026-11-01"]),
        },
    ),
]
Columns = Annotated[
    str | None,
    Query(
        max_length=1000,
        description="Columns with commas between; all without it.",
        openapi_examples={"two": Example(value="name,total_tasks")},
    ),
]
Sort = Annotated[
    str | None,
    Query(
        max_length=MAX_ID_CHARS,
        description="A column, or `-column` for the largest first.",
        openapi_examples={"late": Example(value="-last_activity")},
    ),
]


def router(edge: Edge) -> APIRouter:
    """Return the route of all views."""
    routes = APIRouter(prefix="/api/v2/views", tags=["views"])

    @routes.get("/{view}", responses=_ANSWERS)
    async def rows(  # noqa: PLR0913  because each query parameter is an argument
        request: Request,
        view: Name,
        *,
        project_id: Projects = None,
        columns: Columns = None,
        where: Where = None,
        sort: Sort = None,
        after: Annotated[str | None, Query(max_length=4096, description="The `next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=edge.settings.http.page_rows)] = 1000,
        min_position: Texts = None,
    ) -> Response:
        """Return a page of a table: JSON, NDJSON, CSV, Arrow or Parquet, by `Accept`."""
        principal = await edge.caller(request)
        form = chosen(request.headers.get("accept"))
        if form is None:
            raise Refusal(Problem(NOT_ACCEPTABLE, "one of " + ", ".join(one.media_type for one in FORMATS)))
        asked = asked_of(VIEWS[view], Wish(columns, tuple(where or ()), sort, after, limit))
        if isinstance(asked, Problem):
            raise Refusal(asked)
        await edge.reach(places(min_position))
        entries = list(_entries(edge, asked.table, _projects(edge, principal, project_id)))
        positions = [{"partition": partition, "offset": place.through} for partition, place in sorted(edge.hub.places.items())]
        found, following = await _page(asked, entries)
        return _answer(request, form, asked, (found, following, positions))

    return routes


def _projects(edge: Edge, principal: Principal, named: Sequence[str] | None) -> list[str]:
    if named is None:
        return readable(principal, edge.replica)
    for project_id in named:
        edge.readable(principal, project_id)
    return sorted(set(named))


def _entries(edge: Edge, table: Table, projects: Sequence[str]) -> Iterator[Entry]:
    """Give the entries as they stand: one turn of the loop, so that they are of one moment."""
    for project_id in projects:
        rows = edge.replica.of(project_id)
        if rows is not None:
            entries = [rows.project] if table is PROJECTS else rows.table(table.kind).values()
            yield from (entry for entry in entries if entry is not None and not entry.deleted)


async def _page(asked: Asked, entries: Sequence[Entry]) -> tuple[list[Struct], str | None]:
    page, decode = Page(asked), _DECODERS[asked.table.kind]
    for start in range(0, len(entries), _SLICE):
        for entry in entries[start : start + _SLICE]:
            page.take(decode(entry.data))
        await asyncio.sleep(0)
    return page.rows()


def _answer(request: Request, form: Format, asked: Asked, found: tuple[list[Struct], str | None, list[dict[str, int]]]) -> Response:
    rows, following, positions = found
    body = form.write(asked.columns, rows)
    if form.write is to_json:
        names = _encode([column.name for column in asked.columns])
        body = b'{"view":%b,"columns":%b,"rows":%b,"next":%b,"positions":%b}' % (
            _encode(asked.table.name),
            names,
            body,
            _encode(following),
            _encode(positions),
        )
    headers = {
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Accept, Accept-Encoding",
        "Anabranch-Positions": ",".join(f"{place['partition']}:{place['offset']}" for place in positions),
    }
    if following is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
        headers["Link"] = f'<{request.url.path}?{urlencode([*kept, ("after", following)])}>; rel="next"'
    return Response(body, headers=headers, media_type=form.media_type)
