"""The HTTP calls of a real edge on a real broker."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from broker.connection import client_options
from schemas.events import Event, decode_event
from schemas.messages import Metadata, Outcome, Position
from schemas.metrics import DESIGN_METRICS
from schemas.topics import TASK_CHANGES
from tests.integration.api.harness import PATIENCE_S, RunningEdge, StartEdge, TinyWorker, client_of, until_read

BULK = "/api/v2/branches/summaries/bulk"


async def settled(client: httpx.AsyncClient, project_id: str, total: int) -> dict[str, Any]:
    """Return the bulk answer once a project has so many tasks."""
    while True:
        answer: dict[str, Any] = (await client.post(BULK, json={})).json()
        if answer["projects"].get(project_id, {}).get("total_tasks") == total:
            return answer
        await asyncio.sleep(0.02)


async def test_the_bulk_answer_is_the_rows(worker: TinyWorker, edge: RunningEdge) -> None:
    """All projects in one call, public fields only, with places that a subscription takes; a repeated call costs nothing."""
    last = 0
    for project_id in ("p1", "p2"):
        for number in range(3):
            last = await worker.add_task(project_id, f"t{number}")
    async with edge.client() as client:
        await settled(client, "p1", 3)
        answer = await settled(client, "p2", 3)
        assert set(answer["summaries"]) == {"p1-main", "p2-main"}
        assert "memory" not in answer["summaries"]["p1-main"]
        assert answer["metadata"]["positions"]["p2"]["epoch"] == "e1"
        while (answer := await settled(client, "p2", 3))["metadata"]["positions"]["p2"]["sequence"] < last:
            pass
        again = (await client.post(BULK, json={"known_cache_key": answer["cache_key"]})).json()
        assert (again["unchanged"], again["cache_key"]) == (True, answer["cache_key"])
        got = await client.get("/api/v2/branches/summaries")
        same = await client.get("/api/v2/branches/summaries", headers={"If-None-Match": got.headers["etag"]})
        assert (got.status_code, same.status_code, same.content) == (200, 304, b"")
        assert got.json()["summaries"] == answer["summaries"]
        await worker.add_task("p1", "t9")
        await settled(client, "p1", 4)
        assert (await client.get("/api/v2/branches/summaries", headers={"If-None-Match": got.headers["etag"]})).status_code == 200


async def test_what_may_not_be_read_is_not_there(worker: TinyWorker, edge: RunningEdge) -> None:
    """404 with a problem for unknown and foreign projects alike; absent where all are asked for; 401 without a token."""
    await worker.add_task("mine", "t")
    await worker.add_task("theirs", "t")
    async with edge.client() as everyone, edge.client(projects=("mine",)) as client:
        await settled(everyone, "theirs", 1)
        answer = await settled(client, "mine", 1)
        assert set(answer["projects"]) == {"mine"}
        for project_id in ("theirs", "nowhere"):
            refused = await client.post(BULK, json={"project_ids": [project_id]})
            assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")
            assert refused.json()["code"] == "unknown-project"
            assert (await client.get(f"/api/v2/projects/{project_id}/tasks")).status_code == 404
        assert (await client.post(BULK, json={"user_id": "somebody"})).json()["code"] == "forbidden"
        bare = await client.post(BULK, json={}, headers={"Authorization": ""})
        assert (bare.status_code, bare.json()["code"]) == (401, "unauthenticated")
        assert (await client.post(BULK, content=b'{"project_ids": 3}')).json()["code"] == "invalid-request"
        assert (await client.get("/api/v2/nothing")).json()["code"] == "not-found"


async def test_tasks_come_in_pages_and_by_filters(worker: TinyWorker, edge: RunningEdge) -> None:
    """Pages in the order of ids that fit together; each filter means what it says."""
    for number in range(7):
        await worker.add_task("p", f"t{number}", status="done" if number % 2 else "todo")
    async with edge.client() as client:
        await settled(client, "p", 7)
        ids: list[str] = []
        after = None
        while True:
            query = {"limit": 3} | ({"after": after} if after else {})
            page = (await client.get("/api/v2/projects/p/tasks", params=query)).json()
            ids += [task["id"] for task in page["tasks"]]
            after = page["next"]
            if after is None:
                break
        assert ids == [f"t{number}" for number in range(7)]
        for query, expected in (
            ({"status": ["done"]}, ["t1", "t3", "t5"]),
            ({"status": ["done", "todo"], "q": "TASK T6"}, ["t6"]),
            ({"priority": "low"}, []),
            ({"branch_id": "nowhere"}, []),
        ):
            page = (await client.get("/api/v2/projects/p/tasks", params=query)).json()
            assert [task["id"] for task in page["tasks"]] == expected
        assert (await client.get("/api/v2/projects/p/tasks", params={"limit": 0})).json()["code"] == "invalid-request"


async def test_a_position_is_waited_for_but_not_for_ever(worker: TinyWorker, start_edge: StartEdge) -> None:
    """`min_position` answers once the rows include it, and with 503 when they do not in time."""
    edge = await start_edge(http={"position_wait_s": 0.5})
    partition, _ = worker.next_stamp("p")
    place = {"partition": partition, "offset": 2}
    async with edge.client() as client:
        late = await client.post(BULK, json={"min_position": place})
        assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (503, "position-not-reached", "1")
        asking = asyncio.create_task(client.post(BULK, json={"min_position": place}))
        await worker.add_task("p", "t")
        assert (await asking).json()["projects"]["p"]["total_tasks"] == 1
        assert (await client.post(BULK, json={"min_position": {"partition": 99, "offset": 0}})).status_code == 422


async def test_changes_go_into_the_log_once_and_in_order(worker: TinyWorker, edge: RunningEdge) -> None:
    """One, a list, NDJSON: confirmed with positions; the edge says who and from where; all or none; a repeated id is not written again."""
    change = {
        "entity": "task",
        "action": "create",
        "project_id": "p",
        "entity_id": "t",
        "branch_id": "b",
        "source": "mcp-ai",
        "data": {"title": "T"},
    }
    async with edge.client(user="alice") as client, edge.client(user="robot", scope="source") as robot:
        one = await client.post("/api/v2/changes", json=change | {"id": "id-1"})
        assert one.status_code == 202
        again = await client.post("/api/v2/changes", json=change | {"id": "id-1"})
        assert again.json() == one.json()
        many = await robot.post("/api/v2/changes", json=[change | {"entity_id": f"t{number}"} for number in range(20)])
        offsets = [entry["position"]["offset"] for entry in many.json()["changes"]]
        assert offsets == sorted(offsets)
        assert many.json()["positions"][0]["offset"] == offsets[-1]
        lines = "\n".join(json.dumps(change | {"action": "patch"}) for _ in range(2))
        assert (
            len((await client.post("/api/v2/changes", content=lines, headers={"Content-Type": "application/x-ndjson"})).json()["changes"])
            == 2
        )
        bad = await client.post("/api/v2/changes", json=[change, change | {"entity": "cat"}])
        assert (bad.status_code, bad.json()["code"]) == (422, "invalid-change")
        assert (await client.post("/api/v2/changes", content=b"{")).json()["code"] == "invalid-change"
        assert (await client.post("/api/v2/changes", json=change | {"user_id": "bob"})).json()["code"] == "forbidden"
    events = await logged(worker, one.json()["changes"][0]["position"]["partition"], 23)
    assert [event.id for event in events].count("id-1") == 1
    assert {(event.user_id, event.source) for event in events} == {("alice", "user"), ("robot", "mcp-ai")}


async def logged(worker: TinyWorker, partition: int, count: int) -> list[Event]:
    """Return all events of the log's partition, at least `count`."""
    consumer = AIOKafkaConsumer(
        worker.kafka.topic(TASK_CHANGES), group_id=None, auto_offset_reset="earliest", **client_options(worker.kafka)
    )
    await consumer.start()
    try:
        events: list[Event] = []
        while len(events) < count:
            batches = await consumer.getmany(timeout_ms=500)
            events += [
                decode_event(record.value or b"") for records in batches.values() for record in records if record.partition == partition
            ]
        return events
    finally:
        await consumer.stop()


async def test_a_change_by_socket_is_accepted_then_decided(worker: TinyWorker, edge: RunningEdge) -> None:
    """Accepted with its position; applied by its echo or rejected by the worker; a repeated id is a duplicate; mistakes keep the line."""
    await worker.add_task("p", "t0")
    async with client_of(edge, user="alice") as client, edge.client() as http:
        await settled(http, "p", 1)
        await client.subscribe("project:p")
        await client.until("sync", "subscribed")
        primary = {"id": "t1", "branch_id": "p-main", "title": "New"}
        change = {"entity": "task", "action": "create", "data": {"primary": primary}}
        frame = {"type": "update", "id": "change-1", "stream": "project:p", "payload": change, "metadata": {"correlationId": "c-1"}}
        await client.socket.send(json.dumps(frame))
        accepted = (await client.until("ack", "accepted"))["payload"]["data"]
        assert (accepted["messageId"], accepted["correlationId"]) == ("change-1", "c-1")
        await worker.add_task("p", "t1", correlation_id="c-1", user_id="mallory")
        await worker.add_task("p", "t1", correlation_id="c-1", user_id="alice")
        applied = (await client.until("ack", "applied"))["payload"]["data"]
        assert applied["messageId"] == "change-1"
        await client.socket.send(json.dumps(frame))
        await client.until("ack", "duplicate")
        await client.socket.send(json.dumps(frame | {"id": "change-2", "metadata": {}}))
        await client.until("ack", "accepted")
        outcome = Outcome(
            id="o",
            stream="project:p",
            timestamp=0,
            action="rejected",
            metadata=Metadata(source="user", position=Position(0, 1), user_id="alice", correlation_id="change-2"),
            message_id="change-2",
            error="deleted",
        )
        await worker.cascade("p", outcome)
        rejected = (await client.until("ack", "rejected"))["payload"]["data"]
        assert (rejected["messageId"], rejected["error"]["message"]) == ("change-2", "deleted")
        await client.socket.send(json.dumps(frame | {"id": None}))
        assert (await client.until("error", "failed"))["payload"]["data"]["code"] == "invalid-change"
        await client.send("heartbeat", "ping")
        pong = await client.until("heartbeat", "pong")
        assert pong["payload"]["data"]["streams"][0]["stream"] == "project:p"


async def test_a_login_code_works_once(edge: RunningEdge) -> None:
    """The private port makes a code, the public one takes it, once; the token then opens the API."""
    async with edge.client() as client, httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as private:
        made = (await private.post(f"{edge.private_url}/login-codes", json={"user": "me", "projects": ["*"], "ttl_s": 60})).json()
        page = await private.post(f"{edge.private_url}/login-codes", json={"user": "me"}, headers={"Origin": "http://evil.example"})
        assert (page.status_code, page.json()["code"]) == (403, "origin")
        assert made["login_url"] == f"{edge.url}/#code={made['code']}"
        answer = (await client.post("/api/v2/login", json={"code": made["code"]}, headers={"Authorization": ""})).json()
        assert answer["user"] == "me"
        got = await client.post(BULK, json={}, headers={"Authorization": f"Bearer {answer['token']}"})
        assert got.status_code == 200
        assert (await client.post("/api/v2/login", json={"code": made["code"]})).json()["code"] == "login-code"
        assert (await client.post("/login-codes", json={"user": "me"})).status_code in {404, 405}


async def test_the_private_port_measures(worker: TinyWorker, edge: RunningEdge) -> None:
    """The design's eight names are there, each exactly once."""
    await worker.add_task("p", "t")
    async with edge.client() as client:
        await settled(client, "p", 1)
        text = (await client.get(f"{edge.private_url}/metrics")).text
        assert (await client.get(f"{edge.private_url}/healthz")).status_code == 200
    kinds = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert [kinds.count(metric.name) for metric in DESIGN_METRICS] == [1] * 8


async def test_the_page_is_served_with_its_headers(worker: TinyWorker, start_edge: StartEdge, tmp_path: Path) -> None:
    """HTML is asked for each time, hashed assets never again, scripts come from here only; without a build it says what to do."""
    await worker.producer.flush()
    bare = await start_edge()
    async with bare.client() as client:
        assert "make web" in (await client.get("/")).text
    web = tmp_path / "dist"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<h1>page</h1>")
    (web / "assets" / "main-abc.js").write_text("1")
    edge = await start_edge(web_dir=web)
    async with edge.client() as client:
        html, script = await client.get("/"), await client.get("/assets/main-abc.js")
        assert (html.text, html.headers["cache-control"]) == ("<h1>page</h1>", "no-cache")
        assert "immutable" in script.headers["cache-control"]
        assert "default-src 'self'" in html.headers["content-security-policy"]
        assert (await client.get("/assets/gone.js")).status_code == 404


async def test_the_bulk_call_is_counted(worker: TinyWorker, start_edge: StartEdge) -> None:
    """Ten a minute and user, both forms together; 429 says when to come back, and other calls go on."""
    edge = await start_edge(http={"bulk_calls": 10})
    await until_read(edge, await worker.add_task("p", "t"))
    async with edge.client() as client, edge.client("v") as other:
        answers = [await client.post(BULK, json={}) for _ in range(9)] + [await client.get("/api/v2/branches/summaries")]
        assert [answer.headers["ratelimit"].split(";t=")[0] for answer in answers] == [f'"bulk";r={left}' for left in range(9, -1, -1)]
        for refused in (await client.post(BULK, json={}), await client.get("/api/v2/branches/summaries")):
            assert (refused.status_code, refused.json()["code"], refused.json()["temporary"]) == (429, "rate", True)
            assert 0 < int(refused.headers["retry-after"]) <= 61
            assert refused.headers["ratelimit-policy"] == '"bulk";q=10;w=60'
        assert (await client.get("/api/v2/projects/p/tasks")).status_code == 200
        assert (await other.post(BULK, json={})).status_code == 200


async def test_answers_are_packed_and_safe(worker: TinyWorker, edge: RunningEdge) -> None:
    """By what the caller takes, above a size; with the headers of every answer, refusals too."""
    for number in range(20):
        await worker.add_task("p", f"t{number}")
    for project_id in ("q", "r", "s"):
        await worker.add_task(project_id, "t")
    async with edge.client() as client:
        await settled(client, "p", 20)
        await settled(client, "s", 1)
        for offered, used in (("gzip", "gzip"), ("gzip, br", "br"), ("identity", None)):
            answer = await client.get("/api/v2/projects/p/tasks", headers={"Accept-Encoding": offered})
            assert (answer.headers.get("content-encoding"), len(answer.json()["tasks"])) == (used, 20)
        plain = await client.post(BULK, json={}, headers={"Accept-Encoding": "identity"})
        for offered, used in (("br, gzip", "gzip"), ("br", "br"), ("gzip;q=0", None)):
            answer = await client.post(BULK, json={}, headers={"Accept-Encoding": offered})
            assert answer.headers.get("content-encoding") == used
            assert answer.headers["etag"] == plain.headers["etag"]
            assert answer.json()["summaries"] == plain.json()["summaries"]
        for answer in (await client.get("/api/v2/projects/p/tasks"), await client.get("/api/v2/nothing")):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        page = {"Origin": "http://evil.example"}
        assert "access-control-allow-origin" not in (await client.get("/api/v2/projects/p/tasks", headers=page)).headers
        own = await client.get("/api/v2/projects/p/tasks", headers={"Origin": edge.url})
        assert own.headers["access-control-allow-origin"] == edge.url
