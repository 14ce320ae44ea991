"""`anabranch mcp`: the agents' door over stdio, for agents that start their tools as programs. Every message goes to the edge's `/mcp`."""

import asyncio
from typing import Annotated, Final

import typer

from cli.access import access
from cli.options import DEFAULT_DATA, Data, Token, Url, edge_url

_TTL_S: Final = 7 * 24 * 3600

User = Annotated[str, typer.Option("--user", help="Whose rights the agent has, without a token of its own.")]
Projects = Annotated[list[str] | None, typer.Option("--project", metavar="P", help="Only these projects (several times if needed).")]


def mcp(data: Data = DEFAULT_DATA, url: Url = None, token: Token = None, user: User = "agent", project: Projects = None) -> None:
    """Speak the Model Context Protocol on stdin and stdout. An agent's configuration names this command."""
    from cli.bridge import bridge  # noqa: PLC0415  because only this command needs the SDK

    base = edge_url(data, url)
    asyncio.run(bridge(f"{base}/mcp", access(data, token, user, _TTL_S, project or ["*"])))
