"""The tools and resources that agents see. Each is one call of the door; what is refused is told in a sentence."""

from collections.abc import Awaitable
from typing import Annotated, Any, Final

import msgspec
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from msgspec import UNSET
from pydantic import Field
from starlette.requests import Request

from api.edge import Edge
from api.mcp.door import AGENT, Asked, Door, Row
from api.problems import Refusal
from api.protocol.access import SOURCE, Principal
from api.protocol.filters import TaskFilter
from api.undoing import Asker, receipt, undo
from schemas.events import Fields

PRINCIPAL: Final = "anabranch.principal"
"""Where the caller is in the request's scope."""
_SESSION_HEADER: Final = "mcp-session-id"
_MAX_PAGE: Final = 500
_HELP: Final = {
    "conflict": "it changed since you saw it; read it again and decide anew",
    "unknown": "there is no such task",
    "deleted": "it was deleted",
}

ProjectId = Annotated[str, Field(description="Id of the project.", max_length=128)]
TaskId = Annotated[str, Field(description="Id of the task.", max_length=128)]
Branch = Annotated[str | None, Field(description="Id of a branch.", max_length=128)]
Position = Annotated[str | None, Field(description="`position` of an earlier answer: the read waits until it is included.", max_length=64)]
Session = Annotated[str | None, Field(description="Names your session in the events; by default the connection's.", max_length=128)]
Worked = Annotated[str | None, Field(description="The session that it is about; by default your own connection's.", max_length=128)]
OneProject = Annotated[str | None, Field(description="Only this project; by default all of yours.", max_length=128)]
Stamp = Annotated[int | None, Field(description="`stamp` of the task as you saw it: the change is refused when it changed since.")]
Ctx = Context[Any, Any]


def install(server: MCPServer[Any], edge: Edge) -> None:
    """Add all tools and resources."""
    _reads(server, edge)
    _writes(server, edge)
    _receipts(server, edge)
    _resources(server, edge)


def _reads(server: MCPServer[Any], edge: Edge) -> None:
    @server.tool()
    async def list_projects(ctx: Ctx, min_position: Position = None) -> dict[str, Any]:
        """List your projects with their exact counts."""
        return await _told(_door(edge, ctx).projects(min_position))

    @server.tool()
    async def get_project(ctx: Ctx, project_id: ProjectId, min_position: Position = None) -> dict[str, Any]:
        """Give a project's summary and those of its branches, and the `since` for changes_since."""
        return await _told(_door(edge, ctx).project(project_id, min_position))

    @server.tool()
    async def list_tasks(  # noqa: PLR0913  because each parameter of the tool is an argument
        ctx: Ctx,
        *,
        project_id: ProjectId,
        branch_id: Branch = None,
        status: list[str] | None = None,
        priority: list[str] | None = None,
        q: Annotated[str | None, Field(description="Part of the title.")] = None,
        after: Annotated[str | None, Field(description="`next` of the page before.")] = None,
        limit: Annotated[int, Field(ge=1, le=_MAX_PAGE)] = 50,
        min_position: Position = None,
    ) -> dict[str, Any]:
        """List tasks of a project, page by page in the order of their ids."""
        wanted = TaskFilter(branch_id, frozenset(status or ()), frozenset(priority or ()), q)
        return await _told(_door(edge, ctx).tasks(project_id, wanted, after, limit, min_position))

    @server.tool()
    async def changes_since(
        ctx: Ctx,
        project_id: ProjectId,
        since: Annotated[str, Field(description="`since` of get_project or of the last answer of this tool.")],
        max_tokens: Annotated[int, Field(ge=50, le=100_000, description="About how long the answer may be.")] = 1000,
    ) -> dict[str, Any]:
        """Tell in few words what changed. `more`: call again with the new `since`. `reset`: the place is too old, call get_project."""
        return await _told(_door(edge, ctx).changes(project_id, since, max_tokens))


def _writes(server: MCPServer[Any], edge: Edge) -> None:
    @server.tool()
    async def create_task(  # noqa: PLR0913  because each parameter of the tool is an argument
        ctx: Ctx,
        *,
        project_id: ProjectId,
        branch_id: Annotated[str, Field(description="Id of the branch; one that is new comes into being.", max_length=128)],
        task_id: TaskId,
        title: Annotated[str, Field(max_length=2000)],
        status: str = "todo",
        priority: str = "medium",
        session_id: Session = None,
    ) -> dict[str, Any]:
        """Create a task under an id that you choose. Creating it again changes it."""
        fields = Fields(title=title, status=status, priority=priority)
        return await _told(_door(edge, ctx, session_id).write(Asked(project_id, task_id, "create", fields, branch_id)))

    @server.tool()
    async def update_task(  # noqa: PLR0913  because each parameter of the tool is an argument
        ctx: Ctx,
        *,
        project_id: ProjectId,
        task_id: TaskId,
        title: Annotated[str | None, Field(max_length=2000)] = None,
        status: str | None = None,
        priority: str | None = None,
        branch_id: Branch = None,
        progress_percentage: Annotated[float | None, Field(ge=0, le=100)] = None,
        assignees: list[str] | None = None,
        if_stamp: Stamp = None,
        session_id: Session = None,
    ) -> dict[str, Any]:
        """Change the given fields of a task and no others; another branch moves it."""
        given = {
            "title": title,
            "status": status,
            "priority": priority,
            "branch_id": branch_id,
            "progress_percentage": progress_percentage,
            "assignees": assignees,
        }
        fields = msgspec.structs.replace(Fields(), **{name: UNSET if value is None else value for name, value in given.items()})
        return await _told(_door(edge, ctx, session_id).write(Asked(project_id, task_id, "patch", fields, if_stamp=if_stamp)))

    @server.tool()
    async def complete_task(
        ctx: Ctx, project_id: ProjectId, task_id: TaskId, if_stamp: Stamp = None, session_id: Session = None
    ) -> dict[str, Any]:
        """Set a task to done."""
        asked = Asked(project_id, task_id, "patch", Fields(status="done"), if_stamp=if_stamp)
        return await _told(_door(edge, ctx, session_id).write(asked))

    @server.tool()
    async def claim_next_task(
        ctx: Ctx,
        project_id: ProjectId,
        agent: Annotated[str, Field(description="Your name: the task is assigned to it.", max_length=128)],
        branch_id: Branch = None,
        session_id: Session = None,
    ) -> dict[str, Any]:
        """Take the most urgent open task for yourself; `task` is null when there is none. No two agents get the same one."""
        return await _told(_door(edge, ctx, session_id).claim(project_id, branch_id, agent))


def _receipts(server: MCPServer[Any], edge: Edge) -> None:
    @server.tool(name="receipt")
    async def told(ctx: Ctx, session: Worked = None, project_id: OneProject = None) -> dict[str, Any]:
        """Tell what a session changed in the end (12 done, 3 reopened, 2 created, in 4 s), row by row, and how it would be taken back."""
        asker = _asker(ctx)
        return await _told(receipt(edge, asker.principal, session or asker.session_id or "", project_id))

    @server.tool(name="undo")
    async def undone(ctx: Ctx, session: Worked = None, project_id: OneProject = None, session_id: Session = None) -> dict[str, Any]:
        """Take back what a session did, except what others changed since. `left` says what stays and why. Again: nothing more changes."""
        asker = _asker(ctx, session_id)
        return await _told(undo(edge, asker, session or asker.session_id or "", project_id))


def _resources(server: MCPServer[Any], edge: Edge) -> None:
    @server.resource("anabranch://projects/{project_id}/summary", mime_type="application/json")
    async def summary(ctx: Ctx, project_id: str) -> str:
        """Give a project's summary and those of its branches. Subscribe to hear when it changes."""
        try:
            return msgspec.json.encode(await _door(edge, ctx).project(project_id, None)).decode()
        except Refusal as refused:
            raise ResourceNotFoundError(sentence(refused)) from None


async def _told(answer: Awaitable[Row]) -> Row:
    """Return an answer. Raises `ToolError` with a sentence that the model can act on."""
    try:
        return await answer
    except Refusal as refused:
        raise ToolError(sentence(refused)) from None


def sentence(refused: Refusal) -> str:
    """Return what a problem means, for a model."""
    problem = refused.problem
    parts = [problem.type.title, _HELP.get(problem.detail, problem.detail), "; ".join(problem.errors)]
    if problem.type.temporary:
        parts.append("try again in a moment")
    return ": ".join(part for part in parts if part)


def _asker(ctx: Ctx, session: str | None = None) -> Asker:
    request: Request = ctx.request_context.request  # type: ignore[assignment]  # over HTTP there is always one
    principal: Principal = request.scope[PRINCIPAL]
    writer = msgspec.structs.replace(principal, scopes=principal.scopes | {SOURCE})
    return Asker(
        writer,
        AGENT,
        principal.grants.session_id or session or request.headers.get(_SESSION_HEADER) or principal.token_id or principal.subject,
    )


def _door(edge: Edge, ctx: Ctx, session: str | None = None) -> Door:
    asker = _asker(ctx, session)
    return Door(edge, asker.principal, asker.session_id or "")
