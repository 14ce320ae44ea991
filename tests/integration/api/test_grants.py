"""A narrowed token at every door that writes: calls and sockets refuse the same, by the one rule."""

import json
from typing import Any

import httpx

from api.auth import mint
from tests.integration.api.harness import SECRET, Client, RunningEdge, TinyWorker, until_read

LIMITS = {"branches": ["p-main"], "session": "run-1", "source": "mcp-ai"}
CHANGES: list[tuple[dict[str, Any], int]] = [
    ({"action": "patch", "entity_id": "t", "data": {"status": "done"}}, 202),
    ({"action": "patch", "entity_id": "t", "branch_id": "other"}, 403),
    ({"action": "create", "entity_id": "n", "branch_id": "other"}, 403),
    ({"action": "patch", "entity_id": "nowhere"}, 403),
    ({"action": "patch", "entity_id": "t", "session_id": "mine"}, 403),
]


async def test_calls_and_sockets_refuse_the_same(worker: TinyWorker, edge: RunningEdge) -> None:
    """Outside its branch, under another session; and a token that only reads writes nothing, though its user owns the project."""
    await worker.add_task("p", "t")
    await until_read(edge, await worker.member("p", "u", "owner"))
    token = mint(SECRET, "u", ["p"], 60, "tasks:write", limits=LIMITS)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=edge.url, headers=headers, trust_env=False, timeout=20) as http:
        for change, status in CHANGES:
            answer = await http.post("/api/v2/changes", json={"entity": "task", "project_id": "p"} | change)
            assert (answer.status_code, answer.json().get("code")) == (status, None if status == 202 else "forbidden"), change
    async with edge.dial([f"bearer.{token}", "summary.v2"]) as socket:
        said = Client(socket)
        await said.until("sync", "welcome")
        await said.subscribe("project:p")
        for number, (change, status) in enumerate(CHANGES):
            await socket.send(frame(number, change))
            answered = await (said.until("ack", "accepted") if status == 202 else said.until("error", "failed"))
            assert answered["payload"]["data"].get("code") == (None if status == 202 else "forbidden"), change
    reader = mint(SECRET, "u", ["p"], 60, "admin tasks:read")
    async with httpx.AsyncClient(base_url=edge.url, headers={"Authorization": f"Bearer {reader}"}, trust_env=False, timeout=20) as http:
        assert (await http.get("/api/v2/projects/p/tasks")).status_code == 200
        for path, body in (("/api/v2/changes", {"entity": "task", "project_id": "p"} | CHANGES[0][0]), ("/api/v2/sessions/s/undo", None)):
            assert (await http.post(path, json=body)).status_code in {403, 404}
    for scope, seen in (("admin", {"p"}), ("admin tasks:read", {"p"}), ("admin tasks:nothing", set())):
        headers = {"Authorization": f"Bearer {mint(SECRET, 'boss', [], 60, scope)}"}
        async with httpx.AsyncClient(base_url=edge.url, headers=headers, trust_env=False, timeout=20) as http:
            for asked in ({}, {"user_id": "u"}):
                answer = await http.post("/api/v2/branches/summaries/bulk", json=asked)
                assert answer.json()["projects"].keys() == seen, (scope, asked)


def frame(number: int, change: dict[str, Any]) -> str:
    """Return a change as a client's frame."""
    primary = {"id": change["entity_id"]} | ({"branch_id": change["branch_id"]} if "branch_id" in change else {}) | change.get("data", {})
    metadata = {"sessionId": change["session_id"]} if "session_id" in change else {}
    payload = {"entity": "task", "action": change["action"], "data": {"primary": primary}}
    return json.dumps({"type": "update", "id": f"m{number}", "stream": "project:p", "payload": payload, "metadata": metadata})
