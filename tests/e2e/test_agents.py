"""Agents at their door: the SDK's own client against a whole running instance, over HTTP and over stdio."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.subscriptions import ResourceUpdated

from tests.e2e.conftest import PATIENCE_S, Running

pytestmark = pytest.mark.timeout(240)
SUMMARY = "anabranch://projects/p/summary"


@asynccontextmanager
async def agent(instance: Running, name: str, *projects: str) -> AsyncIterator[Client]:
    """Connect as an agent with a token for some projects."""
    async with speaking(instance, instance.token(name, *projects)) as client:
        yield client


@asynccontextmanager
async def speaking(instance: Running, token: str) -> AsyncIterator[Client]:
    """Connect with a token."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE_S) as http,
        Client(streamable_http_client(f"{instance.ready['url']}/mcp", http_client=http)) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """Call a tool that must succeed."""
    result = await client.call_tool(tool, dict(arguments))
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content or {}
    return found


async def refused(client: Client, tool: str, **arguments: object) -> str:
    """Call a tool that must be refused; returns the sentence."""
    result = await client.call_tool(tool, dict(arguments))
    assert result.is_error
    return str(getattr(result.content[0], "text", ""))


async def fill(client: Client, count: int) -> str:
    """Create open tasks t0, t1, ... in branch b, the later the more urgent; returns the last position."""
    position = ""
    for number in range(count):
        priority = ("low", "medium", "high", "urgent", "critical")[number % 5]
        made = await call(
            client, "create_task", project_id="p", branch_id="b", task_id=f"t{number}", title=f"Task {number}", priority=priority
        )
        position = made["position"]
    return position


async def works_together(instance: Running) -> None:
    """Two agents share a project; a third has no right to it."""
    async with agent(instance, "one", "p") as one, agent(instance, "two", "p") as two, agent(instance, "other", "q") as other:
        assert {tool.name for tool in (await one.list_tools()).tools} >= {
            "list_projects",
            "changes_since",
            "claim_next_task",
            "complete_task",
        }
        position = await fill(one, 5)

        listed = await call(two, "list_tasks", project_id="p", min_position=position)
        assert [task["id"] for task in listed["tasks"]] == [f"t{number}" for number in range(5)]
        seen = await call(two, "get_project", project_id="p", min_position=position)
        assert (seen["project"]["total_tasks"], seen["branches"][0]["status_breakdown"]) == (5, {"todo": 5})

        claims = await asyncio.gather(
            *(call(client, "claim_next_task", project_id="p", agent=name) for client, name in [(one, "one"), (two, "two")] * 2)
        )
        taken = [claim["task"]["id"] for claim in claims]
        assert sorted(taken) == ["t1", "t2", "t3", "t4"], "the most urgent first, none twice"
        assert {claim["task"]["status"] for claim in claims} == {"in_progress"}

        done = await call(one, "complete_task", project_id="p", task_id="t4")
        assert done["task"]["last_actor"]["source"] == "mcp-ai"
        old = claims[0]["task"]
        await call(two, "update_task", project_id="p", task_id=old["id"], title="Taken over")
        assert "changed since" in await refused(one, "update_task", project_id="p", task_id=old["id"], title="Late", if_stamp=old["stamp"])

        told = ""
        since = seen["since"]
        while '"done"' not in told:  # merged frames leave when their window ends
            news = await call(two, "changes_since", project_id="p", since=since, max_tokens=50)
            assert not news["reset"]
            told += "\n".join(news["lines"])
            since = news["since"]
            await asyncio.sleep(0.1)
        assert "task t4" in told
        assert (await call(two, "changes_since", project_id="p", since="of-old:3"))["reset"]

        assert "no such project" in (await refused(other, "get_project", project_id="p")).lower()
        assert await refused(other, "create_task", project_id="p", branch_id="b", task_id="x", title="x")
        assert (await call(other, "list_projects"))["projects"] == []


async def listens(instance: Running) -> None:
    """Hear of changes, where one may read."""
    async with agent(instance, "one", "p") as one, agent(instance, "other", "q") as other:
        await fill(one, 1)
        async with one.listen(resource_subscriptions=[SUMMARY]) as mine, other.listen(resource_subscriptions=[SUMMARY]) as theirs:
            waiting = asyncio.create_task(anext(aiter(theirs)))
            await fill(one, 2)
            event = await asyncio.wait_for(anext(aiter(mine)), PATIENCE_S)
            assert event == ResourceUpdated(uri=SUMMARY)
            content = (await one.read_resource(SUMMARY)).contents[0]
            assert '"total_tasks":5' in getattr(content, "text", "")
            assert not waiting.done(), "whoever may not read a project does not hear that it moves"
            waiting.cancel()


async def works(one: Client) -> None:
    """Make four tasks in one session, then change them in another."""
    for number in range(4):
        made = {"project_id": "r", "branch_id": "b", "task_id": f"t{number}", "title": f"Task {number}"}
        await call(one, "create_task", **made, session_id="before")
    await call(one, "complete_task", project_id="r", task_id="t0", session_id="burst")
    await call(one, "complete_task", project_id="r", task_id="t1", session_id="burst")
    await call(one, "update_task", project_id="r", task_id="t2", title="Renamed", session_id="burst")
    await call(one, "create_task", project_id="r", branch_id="n", task_id="new", title="New", session_id="burst")


async def takes_back(instance: Running) -> None:
    """See a session's net effect at the agents' door, over HTTP and by the command; undo it, except what a person changed since."""
    async with agent(instance, "one", "r") as one:
        await works(one)
        told = await call(one, "receipt", session="burst")
        assert told["summary"].startswith("2 done, 1 created, 1 changed; branches: 1 created, in ")
        assert [(row["id"], row["undo"]) for row in told["rows"]] == [
            *(("new", None), ("t0", "patch"), ("t1", "patch"), ("t2", "patch"), ("n", "delete"))
        ]
        assert "No event of such a session" in await refused(one, "receipt", session="nobody")

        ann = instance.run("token", "--user", "ann", "--project", "r").out.strip()  # here by the command
        theirs = {"entity": "task", "action": "patch", "project_id": "r", "entity_id": "t1", "data": {"title": "Ann's"}}
        url, headers = instance.ready["url"], {"Authorization": f"Bearer {ann}", "Prefer": "wait=20"}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=PATIENCE_S) as http:
            assert (await http.post("/api/v2/changes", json=theirs)).json()["changes"][0]["outcome"] == "applied"
            other = instance.token("eve", "q")
            unseen = await http.get("/api/v2/sessions/burst/receipt", headers={"Authorization": f"Bearer {other}"})
            assert (unseen.status_code, unseen.json()["code"]) == (404, "unknown-session")
            undone = (await http.post("/api/v2/sessions/burst/undo")).json()
            assert (undone["undone"], [(row["id"], row["changed_by"][0]["user_id"]) for row in undone["left"]]) == (4, [("t1", "ann")])
            tasks = {task["id"]: task for task in (await http.get("/api/v2/projects/r/tasks")).json()["tasks"]}
            assert {name: (task["status"], task["title"]) for name, task in tasks.items()} == {
                "t0": ("todo", "Task 0"),
                "t1": ("done", "Ann's"),
                "t2": ("todo", "Task 2"),
                "t3": ("todo", "Task 3"),
            }
            assert tasks["t0"]["last_actor"] == {"source": "user", "user_id": "ann"}
            assert (await http.post("/api/v2/sessions/burst/undo")).json()["undone"] == 0
    receipts_by_command(instance)


def receipts_by_command(instance: Running) -> None:
    """Show the same by the command, after the undo."""
    shown = instance.run("receipt", "burst", "--json").json
    assert (shown["undo"], shown["left"]) == ([], 1)
    assert "left alone, somebody else changed it since (ann)" in instance.run("receipt", "burst").out
    assert "0 taken back, 1 left alone" in instance.run("receipt", "burst", "--undo", "--project", "r").out
    missing = instance.run("receipt", "nobody")
    assert (missing.code, "session_work" in missing.err) == (2, True)


async def is_narrowed(instance: Running) -> None:
    """Claim with a token that may only claim; write in one branch with one that may write there, in its own session."""
    claims = instance.run("token", "--agent", "claimer", "--may", "claim", "--project", "r").out.strip()
    writes = instance.run("token", "--agent", "writer", "--branch", "b", "--session", "run-9", "--project", "r").out.strip()
    async with speaking(instance, claims) as claimer, speaking(instance, writes) as writer:
        claim = await call(claimer, "claim_next_task", project_id="r", agent="claimer")
        assert claim["task"]["status"] == "in_progress"
        assert "this token for" in await refused(claimer, "complete_task", project_id="r", task_id=claim["task"]["id"])
        done = await call(writer, "complete_task", project_id="r", task_id=claim["task"]["id"], session_id="another")
        assert done["task"]["last_actor"] == {"source": "mcp-ai", "user_id": "writer", "session_id": "run-9"}
        other = {"project_id": "r", "branch_id": "elsewhere", "task_id": "z", "title": "z"}
        assert "only tasks of b" in await refused(writer, "create_task", **other)
        assert (await call(writer, "receipt"))["session_id"] == "run-9"


async def speaks_on_stdio(instance: Running) -> None:
    """Go through the same door by the command."""
    program = StdioServerParameters(command=sys.executable, args=["-m", "cli.main", "mcp", "--data", str(instance.data), "--project", "p"])
    async with Client(program) as client:
        await fill(client, 1)
        assert [one["id"] for one in (await call(client, "list_projects"))["projects"]] == ["p"]


def test_agents_work_through_their_door(instance: Running) -> None:
    """Reads include one's writes, no two agents claim the same task, late conditional writes are refused, rights hold everywhere."""
    url = f"{instance.ready['url']}/mcp"
    answer = httpx.post(url, json={}, trust_env=False, timeout=PATIENCE_S)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    token = instance.token("x")
    page = {"Authorization": f"Bearer {token}", "Origin": "http://elsewhere.example"}
    foreign = httpx.post(url, json={}, headers=page, trust_env=False, timeout=PATIENCE_S)
    assert foreign.status_code == 403

    asyncio.run(works_together(instance))
    asyncio.run(listens(instance))
    asyncio.run(takes_back(instance))
    asyncio.run(is_narrowed(instance))
    asyncio.run(speaks_on_stdio(instance))
    verified = instance.run("verify")
    assert verified.code == 0, verified.out + verified.err
