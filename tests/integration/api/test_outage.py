"""When Kafka goes away the edge waits, says so, and goes on; when a client stalls, nobody else notices."""

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from api.app import run
from api.settings import EdgeSettings, TailSettings
from broker.admin import apply_topics, delete_topics
from broker.connection import client_options
from broker.embedded import EmbeddedKafka
from schemas.failure import Failure
from tests.integration.api.harness import (
    SECRET,
    Client,
    RunningEdge,
    StartEdge,
    TinyWorker,
    client_of,
    flooded,
    until_closed,
    until_read,
    until_ready,
)


async def test_an_outage_is_waited_out(tmp_path: Path) -> None:
    """An edge that starts without Kafka becomes ready when it comes; clients are told stale and live, and miss nothing."""
    broker = EmbeddedKafka(tmp_path / "kafka")
    await broker.start()
    await apply_topics(broker.settings)
    await broker.stop()
    listening: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
    settings = EdgeSettings(
        kafka=broker.settings, port=0, data=tmp_path, jwt_secret=SecretStr(SECRET), tail=TailSettings(stale_after_s=1.0, probe_s=0.2)
    )
    stop = asyncio.Event()
    done = asyncio.create_task(run(settings, stop=stop, listening=lambda url, private: listening.set_result((url, private))))
    edge = RunningEdge(*await listening, stop, done)
    try:
        async with edge.client() as http:
            waiting = await http.post("/api/v2/branches/summaries/bulk", json={})
            assert (waiting.status_code, waiting.json()["code"]) == (503, "starting")
            refused = await http.post("/api/v2/changes", json={})
            assert refused.status_code == 503
        async with edge.socket() as early:
            await early.wait_closed()
            assert early.close_code == 1013
        await broker.start()
        await until_ready(edge)
        await _cut_and_mend(broker, edge)
        await broker.stop()
        await _end_with_a_change_underway(edge)
    finally:
        await edge.end()
        await broker.kill()


async def _cut_and_mend(broker: EmbeddedKafka, edge: RunningEdge) -> None:
    async with client_of(edge) as client:
        await client.subscribe("project:*")
        await _publish(broker, "t0")
        await client.until("update", "create")
        polling = asyncio.create_task(_polled(edge, client, "false"))
        await broker.stop()
        stale = await client.until("sync", "stale")
        assert stale["payload"]["data"]["reason"] == "broker"
        assert await polling == await _polled(edge, client, "false") == ["stale"]
        assert await _polled(edge, client, "true", wait_s=0.2) == await _polled(edge, client, None, wait_s=0.2) == []
        polling = asyncio.create_task(_polled(edge, client, "true"))
        async with client_of(edge, user="later") as later:
            assert (await later.next())["payload"]["action"] == "stale"
        change = {"entity": "task", "action": "patch", "data": {"primary": {"id": "t0"}}}
        await client.socket.send(json.dumps({"type": "update", "id": "c1", "stream": "project:p", "payload": change}))
        await broker.start()
        await client.until("ack", "accepted")
        if not any(frame["payload"]["action"] == "live" for frame in client.frames):
            await client.until("sync", "live")
        assert (await polling or await _polled(edge, client, "true")) == ["live"]
        await _publish(broker, "t1")
        await client.until("update", "create")
        assert client.rows["task", "t1"]["id"] == "t1"
        assert client.gaps == 0


async def _polled(edge: RunningEdge, client: Client, stale: str | None, wait_s: float = 25) -> list[str]:
    """Poll from where a client stands; returns the actions of the frames. stale: what the caller was told last."""
    (stream, (epoch, sequence)), *_ = client.position.items()
    params = {"stream": stream, "since": f"{epoch}:{sequence}", "wait": str(wait_s)} | ({} if stale is None else {"stale": stale})
    async with edge.client() as http:
        answer = await http.get("/api/v2/changes", params=params)
    assert answer.status_code in {200, 204}, answer.text
    return [frame["payload"]["action"] for frame in answer.json()] if answer.content else []


async def _end_with_a_change_underway(edge: RunningEdge) -> None:
    """Stop an edge that cannot deliver a change any more: it does not wait for Kafka to come back."""
    async with edge.client() as http:
        change = {"entity": "task", "action": "patch", "project_id": "p", "entity_id": "t0", "data": {"title": "never"}}
        underway = asyncio.create_task(http.post("/api/v2/changes", json=change))
        await asyncio.sleep(0.5)
        async with asyncio.timeout(30):
            await edge.end()
        await asyncio.wait([underway])


async def _publish(broker: EmbeddedKafka, task_id: str) -> None:
    """Write one change with a producer of its own."""
    producer = AIOKafkaProducer(acks="all", **client_options(broker.settings))
    await producer.start()
    try:
        worker = TinyWorker(producer, broker.settings)
        worker.offsets = dict.fromkeys(range(4), 1 + int(task_id[1:]))
        await worker.add_task("p", task_id)
    finally:
        await producer.stop()


async def test_a_stalled_client_costs_the_others_nothing(worker: TinyWorker, start_edge: StartEdge) -> None:
    """It reads nothing for thousands of frames; others get each of them; then it gets what holds now."""
    edge = await start_edge(limits={"ring_frames": 64, "stall_ms": 300_000})
    first = await worker.add_task("p", "t0")
    async with edge.socket(user="stalled", max_queue=16) as socket, client_of(edge) as quick:
        socket.transport.pause_reading()
        stalled = Client(socket)
        for client in (stalled, quick):
            await client.subscribe("project:p")
        await quick.until_sequence("project:p", first)
        last = await flooded(worker, [quick], 40, 30)
        updates = [frame["sequence"] for frame in quick.frames if frame["type"] == "update"]
        assert updates == list(range(first + 1, last + 1))
        socket.transport.resume_reading()
        await stalled.until_sequence("project:p", last)
        assert stalled.gaps == 0
        assert [frame["payload"]["action"] for frame in stalled.frames].count("snapshot") >= 2
        assert len(stalled.frames) < len(quick.frames)
        assert stalled.rows["project", "p"] == quick.rows["project", "p"]


async def test_a_client_that_takes_nothing_is_ended(worker: TinyWorker, start_edge: StartEdge) -> None:
    """After a while without progress it is cut off; one that is quiet with nothing to take is not, and those who read neither."""
    edge = await start_edge(limits={"ring_frames": 64, "stall_ms": 1_000})
    first = await worker.add_task("p", "t0")
    async with (
        edge.socket(user="stalled") as socket,
        client_of(edge) as quick,
        client_of(edge, user="quiet") as quiet,
        edge.client() as http,
    ):
        await quiet.subscribe("project:q")
        quiet.socket.transport.pause_reading()
        socket.transport.pause_reading()
        for client in (Client(socket), quick):
            await client.subscribe("project:p")
        await quick.until_sequence("project:p", first)
        await flooded(worker, [quick], 20, 30)
        while "edge_stalled_connections_total 1.0" not in (metrics := (await http.get(f"{edge.private_url}/metrics")).text):
            await quick.until_sequence("project:p", await worker.flood("p", 1, "x"))
        while "websocket_connections_total 2.0" not in metrics:
            metrics = (await http.get(f"{edge.private_url}/metrics")).text
        for paused in (socket, quiet.socket):
            paused.transport.resume_reading()
        assert await until_closed(socket) == 1006
        assert quick.gaps == 0


async def test_topics_made_anew_end_the_edge_with_a_sentence(worker: TinyWorker, start_edge: StartEdge) -> None:
    """What it holds is of another life: it ends, and the next one starts from what is there."""
    edge = await start_edge()
    last = await worker.add_task("p", "t0")
    await until_read(edge, last)
    await delete_topics(worker.kafka)
    await apply_topics(worker.kafka)
    with pytest.raises(Failure, match="start the edge again"):
        await asyncio.wait_for(edge.done, 60)
    worker.offsets.clear()
    await worker.add_task("p", "t1")
    again = await start_edge()
    async with again.client() as http:
        answer = await http.get("/api/v2/projects/p/tasks")
        assert [task["id"] for task in answer.json()["tasks"]] == ["t1"]
