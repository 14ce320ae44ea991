"""Every tool and resource of the agents' door, for everybody: nobody is told of what is not theirs. A new one fails until it is here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from api.auth import mint
from tests.integration.api.harness import SECRET, RunningEdge, StartEdge, TinyWorker, until_read
from tests.integration.api.test_matrix import CALLERS, MEMBER, claims, prepared

TOLD, FORBIDDEN, UNKNOWN, NOTHING = "told", "forbidden", "unknown", "nothing"
Expected = dict[str, str]
TASK: Final = {"project_id": "p", "task_id": "t-secret"}
READ: Final[Expected] = dict.fromkeys(CALLERS, UNKNOWN) | dict.fromkeys(MEMBER, TOLD)
WRITE: Final[Expected] = dict.fromkeys(CALLERS, UNKNOWN) | {"owner": TOLD, "editor": TOLD, "viewer": FORBIDDEN}
TOOLS: Final[dict[str, tuple[dict[str, Any], Expected]]] = {
    "list_projects": ({}, dict.fromkeys(CALLERS, NOTHING) | dict.fromkeys(MEMBER, TOLD)),
    "get_project": ({"project_id": "p"}, READ),
    "list_tasks": ({"project_id": "p"}, READ),
    "changes_since": ({"project_id": "p", "since": "e1:0"}, READ),
    "create_task": (TASK | {"branch_id": "p-main", "title": "T"}, WRITE),
    "update_task": (TASK | {"status": "done"}, WRITE),
    "complete_task": (TASK, WRITE),
    "claim_next_task": ({"project_id": "p", "agent": "a"}, WRITE),
    "receipt": ({"session": "work", "project_id": "p"}, READ),
    "undo": ({"session": "work", "project_id": "p"}, WRITE),
}
RESOURCES: Final = {"anabranch://projects/{project_id}/summary"}
_SENTENCES: Final[dict[str, str]] = {"no such project": UNKNOWN, "does not allow": FORBIDDEN, "try again": TOLD}
"""The last one: it is in the log, but nobody folds it here."""


@asynccontextmanager
async def agent(edge: RunningEdge, caller: str) -> AsyncIterator[Client]:
    """Connect as an agent of this caller."""
    headers = {"Authorization": f"Bearer {mint(SECRET, caller, claims(caller), 3600)}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
        Client(streamable_http_client(f"{edge.url}/mcp", http_client=http)) as client,
    ):
        yield client


async def test_every_tool_is_covered(worker: TinyWorker, edge: RunningEdge) -> None:
    """What is not here would be open or closed by chance."""
    await prepared(worker, edge)
    async with agent(edge, "owner") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == set(TOOLS)
        assert {found.uri_template for found in (await client.list_resource_templates()).resource_templates} == RESOURCES
        assert (await client.list_resources()).resources == []
        assert (await client.list_prompts()).prompts == []


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller != "none"])
async def test_every_tool_for_everybody(worker: TinyWorker, start_edge: StartEdge, caller: str) -> None:
    """What a caller of this kind is told; what only members may read is in an answer of theirs and in no other."""
    edge = await start_edge(http={"position_wait_s": 0.3})
    await prepared(worker, edge)
    found: dict[str, str] = {}
    async with agent(edge, caller) as client:
        for name, (arguments, _) in TOOLS.items():
            found[name] = await told(client, name, arguments, caller)
        summary = "anabranch://projects/p/summary"
        if caller in MEMBER:
            assert "Project p" in str((await client.read_resource(summary)).contents)
        else:
            with pytest.raises(MCPError) as refused:
                await client.read_resource(summary)
            assert "Project p" not in str(refused.value)
    assert found == {name: expected[caller] for name, (_, expected) in TOOLS.items()}


async def told(client: Client, name: str, arguments: dict[str, Any], caller: str) -> str:
    """Call a tool; return what became of it. Nobody else's answer holds a word of the project."""
    result = await client.call_tool(name, arguments)
    text = str(result.content) + str(result.structured_content)
    assert caller in MEMBER or not {"secret", "Project p"} & {word for word in ("secret", "Project p") if word in text}, (name, text)
    if not result.is_error:
        return TOLD if "Project p" in text or "secret" in text else NOTHING
    return next((kind for sentence, kind in _SENTENCES.items() if sentence in text.lower()), NOTHING)


async def test_nobody_comes_in_without_a_token(worker: TinyWorker, edge: RunningEdge) -> None:
    """Nor from a page that may not call; nothing of the protocol is spoken with them."""
    await prepared(worker, edge)
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_project", "arguments": {"project_id": "p"}}}
    token = {"Authorization": f"Bearer {mint(SECRET, 'owner', (), 3600)}"}
    async with httpx.AsyncClient(base_url=edge.url, trust_env=False, timeout=20) as http:
        for method in ("GET", "POST", "DELETE"):
            answer = await http.request(method, "/mcp", json=hello)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
            foreign = await http.request(method, "/mcp", json=hello, headers=token | {"Origin": "http://evil.example"})
            assert (foreign.status_code, foreign.json()["code"]) == (403, "origin")


@asynccontextmanager
async def listening(edge: RunningEdge, user: str) -> AsyncIterator[AsyncIterator[object]]:
    """Listen to the project as an agent of this user, whose token names it."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {mint(SECRET, user, ['p'], 3600)}"}, trust_env=False, timeout=30) as http,
        Client(streamable_http_client(f"{edge.url}/mcp", http_client=http)) as client,
        client.listen(resource_subscriptions=["anabranch://projects/p/summary"]) as events,
    ):
        yield aiter(events)


async def test_who_has_no_token_any_more_hears_nothing_more(worker: TinyWorker, start_edge: StartEdge, tmp_path: Path) -> None:
    """An open stream outlives neither a revocation nor the token's time; others go on hearing."""
    edge = await start_edge()
    await until_read(edge, await worker.add_task("p", "t1"))
    async with listening(edge, "gone") as gone, listening(edge, "stays") as stays, edge.client("gone") as http:
        await worker.add_task("p", "t2")
        assert await asyncio.wait_for(anext(gone), 30) == await asyncio.wait_for(anext(stays), 30)
        (tmp_path / "revoked").write_text("sub gone\n")
        while (await http.get("/api/v2/recent")).status_code != httpx.codes.UNAUTHORIZED:  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)
        more = asyncio.ensure_future(anext(gone))
        await worker.add_task("p", "t3")
        await asyncio.wait_for(anext(stays), 30)
        await asyncio.sleep(0.1)
        assert not more.done()
        more.cancel()
