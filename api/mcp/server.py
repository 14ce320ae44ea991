"""The agents' door at `/mcp`: the Model Context Protocol over streamable HTTP, with the tokens and rights of every other call."""

import asyncio
from typing import Any, Final

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge import Edge
from api.mcp.tools import PRINCIPAL, install
from api.mcp.watching import CALLER, ProjectBus
from api.problems import Refusal, problem_response
from schemas.problems import ORIGIN, Problem

PATH: Final = "/mcp"
_INSTRUCTIONS: Final = (
    "Tasks of projects and their branches, with exact counts. Every write answers with a `position`: give it as `min_position` to a later "
    "read, and the read includes the write. changes_since tells in few words what others did since you looked; its `since` comes from "
    "get_project or from its own last answer. Claim a task before you work on it."
)


class AgentsDoor:
    """An ASGI application for the path `/mcp`. `run` keeps what its sessions need."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.bus = ProjectBus(edge.hub, edge.replica, edge.trust.holds)
        self._server: MCPServer[Any] = MCPServer(
            "anabranch",
            version="2.0",
            instructions=_INSTRUCTIONS,
            log_level="ERROR",
            subscriptions=self.bus,
            middleware=[_name_caller],
        )
        install(self._server, edge)
        edge.newcomers.append(self.bus.appeared)
        self._app: ASGIApp = self._server.streamable_http_app(
            streamable_http_path=PATH,
            max_request_body_size=edge.settings.http.body_bytes,
            max_sessions=edge.settings.http.mcp_sessions,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # origins are checked here, as everywhere
        )

    async def run(self) -> None:
        """Keep sessions until cancelled."""
        async with self._server.session_manager.run():
            await asyncio.Event().wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in who has a token, from a page that may call or from no page at all."""
        request = Request(scope, receive)
        origin = request.headers.get("origin")
        try:
            if origin is not None and origin not in self._edge.origins:
                raise Refusal(Problem(ORIGIN))  # noqa: TRY301  one way out for all refusals
            scope[PRINCIPAL] = await self._edge.caller(request)
        except Refusal as refused:
            await problem_response(refused.problem)(scope, receive, send)
            return
        await self._app({**scope, "path": PATH, "raw_path": PATH.encode(), "root_path": ""}, receive, send)


async def _name_caller(ctx: Any, call_next: Any) -> Any:  # noqa: ANN401  the SDK's own types are provisional
    """Say who calls, for what is registered on the way and has no request in its hand."""
    request = ctx.request
    token = CALLER.set(None if request is None else request.scope.get(PRINCIPAL))
    try:
        return await call_next(ctx)
    finally:
        CALLER.reset(token)
