"""A person is erased: the name is in no topic, no store and no edge afterwards, and every count is as it was."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from rocksdict import Options, Rdict

from api.auth import mint
from audit.app import run
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from broker.secrets import jwt_secret
from schemas.topics import TASK_CHANGES, TOPICS
from tests.integration.archive.logs import LIMITS, fill, rows_of
from tests.integration.cli.parts import anabranch, part
from tests.integration.streams.topic_log import read_all

ANN, MAIL = "ann-lee-77", "ann@example.org"
LIMIT = {f"ANABRANCH_{name}": value for name, value in LIMITS.items()}


def events() -> Iterable[tuple[str, bytes]]:
    """Yield (project, value) of all ways in which a person gets into a log."""

    def event(number: int, project: str = "shared", **fields: Any) -> tuple[str, bytes]:  # noqa: ANN401  any field
        fixed = {"id": f"e{number}", "entity": "task", "action": "update", "project_id": project, "entity_id": f"t{number}"}
        return project, json.dumps({**fixed, "occurred_at": "2026-02-01T00:00:00Z", "source": "user", **fields}).encode()

    yield event(1, user_id=ANN, data={"branch_id": "b", "title": f"Ask {ANN} or {MAIL}", "assignees": [ANN, "bob"]})
    yield event(2, entity="member", action="create", entity_id=ANN, data={"user_id": ANN, "role": "owner"})
    yield event(3, project=ANN, user_id=ANN, data={"branch_id": "b", "title": "Mine"})
    yield event(4, session_id=ANN, correlation_id=ANN, data={"branch_id": f"{ANN}/draft", "labels": [ANN]}, note={"from": MAIL})
    yield "shared", event(5, user_id="?", data={"branch_id": "b"})[1].replace(b"?", b"ann\\u002dlee-77")
    yield "shared", b'{"broken": "' + ANN.encode()
    yield ANN, b"not json at all, from " + MAIL.encode()
    yield event(6, user_id=f"{ANN}-junior", data={"branch_id": "b", "title": "somebody else"})


async def write(kafka: KafkaSettings) -> None:
    """Append them."""
    async with AIOKafkaProducer(**client_options(kafka)) as producer:
        for project, value in events():
            headers = [("sent-by", MAIL.encode())]
            await producer.send_and_wait(
                kafka.topic(TASK_CHANGES), value, key=project.encode(), partition=partition_for(project, 4), headers=headers
            )


def named(parts: Iterable[bytes | None]) -> list[bytes]:
    """Return what still names the person; the junior is somebody else."""
    texts = [(part or b"").replace(f"{ANN}-junior".encode(), b"") for part in parts]
    return [text for text in texts if ANN.encode() in text or MAIL.encode() in text or b"ann\\u002dlee" in text]


async def topics_of(kafka: KafkaSettings) -> list[bytes | None]:
    """Return every key, value and header of every topic."""
    records = [record for topic in TOPICS for record in await read_all(kafka, topic)]
    return [part for record in records for part in (record.key, record.value, *(text for _, text in record.headers))]


def stores_of(directory: Path) -> list[bytes | None]:
    """Return every key and value of the stores in a worker's directory, those that were moved aside too."""
    parts: list[Any] = []
    for path in directory.glob("partition-*"):
        store = Rdict(str(path), Options(raw_mode=True))
        parts += [part for pair in store.items() for part in pair]
        store.close()
    return parts


async def shown(url: str, data: Path) -> str:
    """Return what an edge answers about everything."""
    headers = {"Authorization": f"Bearer {mint(jwt_secret(data), 'looker', ['*'], 600, 'admin')}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
        bulk = await client.post("/api/v2/branches/summaries/bulk", json={"include_archived": True})
        recent = await client.get("/api/v2/recent")
        tasks = [await client.get(f"/api/v2/projects/{name}/tasks") for name in bulk.json()["projects"]]
    return "".join(answer.text for answer in (bulk, recent, *tasks))


def counts(rows: dict[str, dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the counts of projects and branches, whatever they are called."""
    names = ("total_branches", "total_tasks", "completed_tasks", "status_breakdown", "priority_breakdown", "degraded")
    return sorted(tuple(str(row.get(name)) for name in names) for key, row in rows.items() if key.startswith(("project/", "branch/")))


@pytest.mark.timeout(300)  # several programs are started
async def test_a_person_is_nowhere_afterwards(topics: KafkaSettings, tmp_path: Path) -> None:
    """By the runbook: count, stop, erase, start, verify. A project that is named as the person moves, and keeps its counts."""
    await write(topics)
    records = 8 + await fill(topics, seed=21, count=400)
    worker = ("--worker-dir", str(tmp_path / "w"))
    async with part("worker", topics, tmp_path, *worker, **LIMIT), part("edge", topics, tmp_path) as edge:
        assert (await run(topics, None, 60.0, 20)).differences == []
        assert ANN in await shown(edge.url, tmp_path)
        code, found, err = await anabranch(topics, "erase", "--user", ANN, "--also", MAIL, "--data", str(tmp_path))
        assert (code, found["changed"], found["left"]) == (0, 8, 1), err
        code, _, err = await anabranch(topics, "erase", "--user", ANN, "--yes", "--data", str(tmp_path))
        assert code == 1
        assert "stop all workers" in err
    before = await rows_of(topics)
    assert named(await topics_of(topics))
    assert named(stores_of(tmp_path / "w"))

    code, found, err = await anabranch(topics, "erase", "--user", ANN, "--also", MAIL, "--yes", "--data", str(tmp_path))
    assert (code, found["records"], found["changed"]) == (0, records, 8), err
    async with part("worker", topics, tmp_path, *worker, **LIMIT), part("edge", topics, tmp_path) as edge:
        assert (await run(topics, None, 60.0, 20)).differences == []
        answers = await shown(edge.url, tmp_path)
        assert found["alias"] in answers
        assert named([answers.encode()]) == []
    assert named(await topics_of(topics)) == []
    assert named(stores_of(tmp_path / "w")) == []
    after = await rows_of(topics)
    assert counts(after) == counts(before)
    assert len(after) == len(before)
    code, _, err = await anabranch(topics, "erase", "--user", "bob", "--yes", "--data", str(tmp_path))
    assert code == 2
    assert "holds a log already" in err
