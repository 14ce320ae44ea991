"""Imports into a real broker: every event once, in order, in the project's partition."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pygit2
import pytest
from aiokafka import AIOKafkaConsumer

from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from connectors.app import Order, Report, prepare, send
from connectors.publish import Publisher
from schemas.events import Event, decode_event
from schemas.failure import Failure
from schemas.topics import TASK_CHANGES

FILE = ".beads/issues.jsonl"


def issue(row_id: str, **fields: object) -> str:
    """Return one line."""
    return json.dumps({"id": row_id, "title": row_id, "status": "open", "priority": 2, "issue_type": "task", **fields})


def child(row_id: str, parent: str, **fields: object) -> str:
    """Return the line of a child."""
    return issue(row_id, dependencies=[{"issue_id": row_id, "depends_on_id": parent, "type": "parent-child"}], **fields)


VERSIONS = (
    [issue("e", issue_type="epic"), issue("a")],
    ["<<<<<<< HEAD", issue("e", issue_type="epic"), child("a", "e"), issue("b")],
    [issue("e", issue_type="epic", status="tombstone"), child("a", "e"), issue("b", status="tombstone")],
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository with three versions of a beads file, a day apart."""
    folder = tmp_path / "Some Repo"
    found = pygit2.init_repository(str(folder))
    (folder / ".beads").mkdir()
    for place, lines in enumerate(VERSIONS):
        (folder / FILE).write_text("\n".join(lines) + "\n")
        found.index.add(FILE)
        who = pygit2.Signature("t", "t@example.org", 1_700_000_000 + place * 86_400, 0)
        found.create_commit("HEAD", who, who, "m", found.index.write_tree(), [] if place == 0 else [found.head.target])
    return folder


async def log_of(settings: KafkaSettings) -> AsyncIterator[tuple[int, bytes | None, bytes]]:
    """Yield (partition, key, value) of all events."""
    consumer = AIOKafkaConsumer(settings.topic(TASK_CHANGES), **client_options(settings), auto_offset_reset="earliest")
    await consumer.start()
    try:
        left = sum((await consumer.end_offsets(consumer.assignment())).values())
        while left > 0:
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    left -= 1
                    yield partition.partition, record.key, record.value or b""
    finally:
        await consumer.stop()


async def run(order: Order, settings: KafkaSettings) -> Report:
    """Import without a progress bar."""
    return await send(prepare(order), settings, lambda _done, _total, _events: None)


async def test_a_history_arrives_whole_and_in_order(topics: KafkaSettings, repository: Path) -> None:
    """Creates, a move, deletes with their commits' times; the report says how many and up to where."""
    report = await run(Order("beads", repository, history=True), topics)
    records = [record async for record in log_of(topics)]
    assert {(partition, key) for partition, key, _ in records} == {(partition_for("some-repo", 4), b"some-repo")}
    found = [decode_event(value) for _, _, value in records]
    assert [(event.entity, event.entity_id, event.action, event.branch_id) for event in found] == [
        ("project", "some-repo", "create", None),
        ("branch", "some-repo:main", "create", "some-repo:main"),
        ("branch", "some-repo:e", "create", "some-repo:e"),
        ("task", "e", "create", "some-repo:e"),
        ("task", "a", "create", "some-repo:main"),
        ("task", "a", "update", "some-repo:e"),
        ("task", "b", "create", "some-repo:main"),
        ("task", "a", "update", "some-repo:main"),
        ("task", "e", "delete", "some-repo:e"),
        ("task", "b", "delete", "some-repo:main"),
        ("branch", "some-repo:e", "delete", "some-repo:e"),
    ]
    assert [event.version for event in found] == sorted(event.version or 0 for event in found)
    assert (found[0].occurred_at, found[-1].occurred_at) == ("2023-11-14T22:13:20.000Z", "2023-11-16T22:13:20.000Z")
    assert report.events == {"create": 6, "move": 2, "delete": 3}
    assert [(line.line, line.text) for line in report.skipped] == [(1, "<<<<<<< HEAD")]
    assert [(one.partition, one.offset) for one in report.positions] == [(partition_for("some-repo", 4), len(found))]


async def test_a_second_run_sends_the_same_bytes(topics: KafkaSettings, repository: Path) -> None:
    """So the worker drops them: same ids, same versions."""
    for _ in range(2):
        await run(Order("beads", repository, history=True), topics)
    values = [value async for _, _, value in log_of(topics)]
    assert values[: len(values) // 2] == values[len(values) // 2 :]


async def test_a_plain_import_has_the_number_of_its_commit(topics: KafkaSettings, repository: Path) -> None:
    """Old versions are stale after it, later ones are not."""
    await run(Order("beads", repository), topics)
    found = [decode_event(value) async for _, _, value in log_of(topics)]
    assert {event.version for event in found} == {(1_700_000_000 + 2 * 86_400) * 1000}
    assert [(event.entity_id, event.action) for event in found[2:]] == [("a", "create"), ("b", "delete"), ("e", "delete")]


async def test_a_paced_import_waits_between_commits(topics: KafkaSettings, repository: Path) -> None:
    """Two days at 345 600 times the speed take at least half a second."""
    report = await run(Order("beads", repository, history=True, speed=345_600.0), topics)
    assert report.seconds >= 0.5
    assert report.total_events == 11


async def test_many_events_of_many_projects_keep_their_order(topics: KafkaSettings) -> None:
    """Batches split by size; within a project nothing is lost, doubled or reordered."""
    sent = [
        Event(f"e{n}", "task", "create", f"p{n % 7}", f"t{n}", "2026-01-01T00:00:00.000Z", "system", correlation_id="x" * 100)
        for n in range(10_000)
    ]
    async with Publisher(topics) as publisher:
        await publisher.send(sent)
    found: dict[str, list[str]] = {}
    async for partition, key, value in log_of(topics):
        event = decode_event(value)
        assert partition == partition_for(event.project_id, 4)
        assert key == event.project_id.encode()
        found.setdefault(event.project_id, []).append(event.id)
    assert found == {f"p{rest}": [f"e{n}" for n in range(rest, 10_000, 7)] for rest in range(7)}
    assert sum(position.offset for position in publisher.positions) == 10_000


async def test_an_event_over_the_limit_is_refused_before_it_is_sent(topics: KafkaSettings) -> None:
    """The sentence says which and how large."""
    event = Event("e", "task", "create", "p", "t", "2026-01-01T00:00:00.000Z", "system", correlation_id="x" * 300_000)
    with pytest.raises(Failure, match="event for task t has 300"):
        async with Publisher(topics) as publisher:
            await publisher.send([event])


async def test_without_a_broker_or_a_topic_one_sentence_says_so(topics: KafkaSettings) -> None:
    """With the address that was tried, or the topic that is missing."""
    with pytest.raises(Failure, match="has no topic nothing-task-changes"):
        async with Publisher(topics.model_copy(update={"topic_prefix": "nothing-"})):
            pass
    with pytest.raises(Failure, match=r"No Kafka answers at 127\.0\.0\.1:1:"):
        async with Publisher(KafkaSettings(bootstrap="127.0.0.1:1")):
            pass
