"""An edge whose rows in memory are spoilt finds that by the worker's digests, reads them again, and its clients are put right."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

import api.app
from api.replica import Entry, Replica
from api.reread import NotWholeError, reread
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from schemas.events import Event, Fields
from schemas.topics import TASK_STATE
from tests.integration.api.harness import PARTITIONS, PATIENCE_S, Client, RunningEdge, StartEdge, TinyWorker, client_of, until_read
from tests.integration.streams.topic_log import agrees, cut_off, send
from tests.integration.streams.worker_process import WorkerProcess

_BRANCHES = ("b0", "b1", "b2")


def _events() -> list[Event]:
    tasks = [(branch, number) for branch in _BRANCHES for number in range(10)]
    return [
        Event(
            id=f"{branch}-{number}",
            entity="task",
            action="create",
            project_id="p",
            entity_id=f"{branch}-t{number}",
            branch_id=branch,
            occurred_at="2026-02-28T03:55:36.000Z",
            source="user",
            user_id="u",
            data=Fields(title="x", status=("todo", "done")[number % 2], priority="low", branch_id=branch),
        )
        for branch, number in tasks
    ]


def _spoil(replica: Replica) -> None:
    """Lose a row, change one, bring in one that never was, and let a branch and the project count wrongly: all at their stamps."""
    rows = replica.all_of("p")
    assert rows.project
    del rows.tasks["b0-t0"]
    rows.tasks["b1-t1"] = _other(rows.tasks["b1-t1"], b'"status":"done"', b'"status":"todo"')
    phantom = rows.tasks["b2-t2"]
    rows.tasks["phantom"] = Entry(phantom.data.replace(b"b2-t2", b"phantom"), "phantom", phantom.stamp, branch_id="b2")
    rows.branches["b0"] = _other(rows.branches["b0"], b'"total_tasks":10', b'"total_tasks":11')
    del rows.branches["b2"]
    rows.project = _other(rows.project, b'"total_tasks":30', b'"total_tasks":33')
    rows.version += 1
    rows.order = None


def _other(entry: Entry, old: bytes, new: bytes) -> Entry:
    assert old in entry.data
    return Entry(entry.data.replace(old, new), entry.id, entry.stamp, branch_id=entry.branch_id, digest=entry.digest)


async def _metric(edge: RunningEdge, name: str) -> float:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        text = (await http.get(f"{edge.private_url}/metrics")).text
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")))


async def _answers(edge: RunningEdge, key: str | None) -> tuple[dict[str, Any], list[str]]:
    """Return the bulk answer and the ids of all tasks."""
    async with edge.client() as http:
        bulk = (await http.post("/api/v2/branches/summaries/bulk", json={"known_cache_key": key})).json()
        tasks = (await http.get("/api/v2/projects/p/tasks")).json()["tasks"]
    return bulk, [f"{task['id']} {task['status']}" for task in tasks]


async def _totals(client: Client) -> dict[str, int]:
    await client.until("bulk", "snapshot")
    return {name: row["total_tasks"] for (_, name), row in client.rows.items()}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Replica]:
    """Give the replicas that edges make from now on."""
    found: list[Replica] = []

    class Seen(Replica):
        def __init__(self) -> None:
            super().__init__()
            found.append(self)

    monkeypatch.setattr(api.app, "Replica", Seen)
    return found


async def test_a_spoilt_replica_is_found_and_mended(
    topics: KafkaSettings, tmp_path: Path, start_edge: StartEdge, made: list[Replica]
) -> None:
    """Counted and logged once; rows, answers and clients are right again, whoever joined before and whoever joined the wrong rows."""
    worker = WorkerProcess(topics, tmp_path / "worker")
    await worker.start()
    try:
        await send(topics, _events())
        await agrees(topics)
        await _spoil_and_see(await start_edge(tail={"drift_every_s": 1.0}), made[0])
    finally:
        await worker.kill()


async def _spoil_and_see(edge: RunningEdge, replica: Replica) -> None:
    right = {"p": 30, **dict.fromkeys(_BRANCHES, 10)}
    async with client_of(edge, "before") as before, client_of(edge, "after") as after:
        await before.subscribe("project:p")
        assert await _totals(before) == right
        bulk, tasks = await _answers(edge, None)
        _spoil(replica)
        await after.subscribe("project:p")
        wrong, _ = await _answers(edge, None)
        assert wrong["projects"]["p"]["total_tasks"] == 33
        async with asyncio.timeout(60):
            while await _totals(after) != right:
                pass
        assert await _totals(before) == right
        again, tasks_again = await _answers(edge, wrong["cache_key"])
        assert (again["summaries"], again["projects"], tasks_again) == (bulk["summaries"], bulk["projects"], tasks)
    await asyncio.sleep(2)
    assert (await _metric(edge, "edge_drifts_total"), await _metric(edge, "edge_mended_rows_total")) == (1, 6)


async def test_a_member_who_was_lost_is_let_in_again(worker: TinyWorker, start_edge: StartEdge, made: list[Replica]) -> None:
    """And one who was removed is out again: rights come from rows that no digest is over."""
    await worker.add_task("p", "t")
    await worker.member("p", "in", "editor")
    last = await worker.member("p", "out", None)
    edge = await start_edge(tail={"drift_every_s": 0.5})
    await until_read(edge, last)
    for row_id in ("in", "out"):
        made[0].remove("member", "p", row_id)
    async with edge.client("in", projects=()) as member, edge.client("out", projects=("p",)) as removed, asyncio.timeout(60):
        statuses: list[int] = []
        while statuses != [200, 404]:
            statuses = [(await http.get("/api/v2/projects/p/tasks")).status_code for http in (member, removed)]
            await asyncio.sleep(0.05)
    assert await _metric(edge, "edge_mended_rows_total") == 2


async def test_a_topic_that_was_cut_off_mends_nothing(topics: KafkaSettings, worker: TinyWorker) -> None:
    """Rows that are not there any more are no reason to forget them here."""
    await worker.add_task("p", "t")
    partition = partition_for("p", PARTITIONS)
    rows, through = await reread(topics, partition, "p")
    assert (list(rows.all_of("p").tasks), through) == (["t"], 1)
    await cut_off(topics, TASK_STATE)
    with pytest.raises(NotWholeError):
        await reread(topics, partition, "p")
