"""Tables from a real broker: as they are, and as they were at a position or time."""

import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from analytics.app import Source, history, load
from analytics.past import Past, ends_at
from broker.admin import describe_topics
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from broker.records import Record, records_between
from cli.refold import Refold
from schemas.failure import UsageFailure
from schemas.topics import TASK_CHANGES, TASK_STATE

PARTITION = partition_for("p", 4)
STATUSES = ("todo", "in_progress", "done")
FIRST_MS = 1_790_000_000_000


def event(number: int) -> bytes:
    """Return a change of one of three tasks, which each go from todo to done; one change an hour."""
    action = "create" if number % 3 == 0 else "update"
    return json.dumps(
        {
            "id": f"e{number}",
            "entity": "task",
            "action": action,
            "project_id": "p",
            "entity_id": f"t{number // 3}",
            "branch_id": "b",
            "occurred_at": f"2026-01-01T{number:02}:00:00Z",
            "source": "user",
            "data": {"status": STATUSES[number % 3]},
        }
    ).encode()


async def write(settings: KafkaSettings) -> None:
    """Append nine changes, a second apart for Kafka, and the rows that a worker would write about them."""
    fold = Refold(PARTITION, 0, {})
    records = [Record(number, FIRST_MS + number * 1000, b"p", event(number)) for number in range(9)]
    fold.take(records)
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        topic, state = settings.topic(TASK_CHANGES), settings.topic(TASK_STATE)
        for record in records:
            await producer.send_and_wait(topic, record.value, b"p", partition=PARTITION, timestamp_ms=record.timestamp_ms)
        for key, value in sorted(fold.rows().items(), key=lambda pair: pair[0].startswith(b"offset/")):
            await producer.send_and_wait(state, value, key, partition=PARTITION)


def source(settings: KafkaSettings, directory: Path, read: list[int] | None = None) -> Source:
    """Return where tables come from; `read` collects how many events were read."""
    return Source(settings, directory, Refold, (read if read is not None else []).append)


async def test_tables_hold_the_present_and_say_how_far_it_goes(topics: KafkaSettings, tmp_path: Path) -> None:
    """Rows from `task-state`, events from the log."""
    await write(topics)
    found = await load(source(topics, tmp_path), "", events=True)
    assert found.positions[PARTITION] == 9
    branch = found.tables["branches"].to_pylist()[0]
    assert (branch["branch_id"], branch["total_tasks"], branch["status_breakdown"]) == ("b", 3, [("done", 3)])
    assert found.tables["events"]["status"].to_pylist() == list(STATUSES) * 3
    assert "events" not in (await load(source(topics, tmp_path), "", events=False)).tables


@pytest.mark.parametrize(
    ("when", "breakdown"),
    [(f"{PARTITION}:5", {"done": 1, "in_progress": 1}), ("2026-09-21T14:13:21.500+00:00", {"in_progress": 1})],
    ids=["position", "time"],
)
async def test_the_tables_as_they_were(topics: KafkaSettings, tmp_path: Path, when: str, breakdown: dict[str, int]) -> None:
    """A position is exact; a time is that of Kafka: everything that it had taken by then."""
    await write(topics)
    found = await load(source(topics, tmp_path), when, events=True)
    assert dict(found.tables["branches"].to_pylist()[0]["status_breakdown"]) == breakdown
    assert found.tables["events"].num_rows == found.positions[PARTITION]


async def test_a_later_rebuild_begins_at_the_nearest_snapshot(topics: KafkaSettings, tmp_path: Path) -> None:
    """It reads only what came after, and gives the same rows; a new life of the topics has none of the old snapshots."""
    await write(topics)
    read: list[int] = []
    past = Past(topics, Refold, tmp_path, every=4)
    ends = await ends_at(topics, "")
    first = await past.rows({PARTITION: "e1"}, ends, read.append)
    assert sum(read) == 9
    read.clear()
    assert await past.rows({PARTITION: "e1"}, ends, read.append) == first
    assert sum(read) == 0
    await past.rows({PARTITION: "e2"}, ends, read.append)
    assert sum(read) == 9


async def test_a_burn_down_follows_the_time_of_the_events(topics: KafkaSettings, tmp_path: Path) -> None:
    """By name or id, of a branch or of all."""
    await write(topics)
    points = await history(source(topics, tmp_path), "p", "b", "hour")
    assert [(point.at, point.open, point.completed) for point in points[:3]] == [
        ("2026-01-01T00", 1, 0),
        ("2026-01-01T01", 1, 0),
        ("2026-01-01T02", 0, 1),
    ]
    assert [(point.open, point.completed) for point in await history(source(topics, tmp_path), "p", None, "day")] == [(0, 3)]
    with pytest.raises(UsageFailure, match="There is no branch 'x'; there are: b"):
        await history(source(topics, tmp_path), "p", "x", "day")


async def test_moments_that_are_none_are_told(topics: KafkaSettings) -> None:
    """With what to write instead."""
    with pytest.raises(UsageFailure, match="is no moment"):
        await ends_at(topics, "soon")
    with pytest.raises(UsageFailure, match="has no offset 7"):
        await ends_at(topics, "0:7")
    assert {topic.name for topic in await describe_topics(topics)} >= {TASK_CHANGES}
    assert [batch async for batch in records_between(topics, {}, {0: 0})] == []
