"""The recount against a real broker: clean rows agree, a wrong row is found, a worker that stands still is told."""

import asyncio
import json

import pytest
from aiokafka import AIOKafkaProducer

from audit.app import run
from audit.fold import Fold
from audit.intake import Record
from audit.tally import Expected
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.failure import Failure
from schemas.rows import BranchSummary, OffsetRow, encode_row
from schemas.topics import TASK_CHANGES, TASK_STATE, offset_key, row_key

EVENTS: list[dict[str, object]] = [
    {"entity": "branch", "entity_id": "b", "action": "create", "data": {"name": "B"}},
    {"entity": "task", "entity_id": "t", "action": "create", "branch_id": "b"},
    {"entity": "task", "entity_id": "u", "action": "create", "branch_id": "b"},
    {"entity": "task", "entity_id": "u", "action": "delete"},
]
PARTITION = partition_for("p", 4)


async def send(settings: KafkaSettings, topic: str, records: list[tuple[bytes, bytes]]) -> int:
    """Append records to the project's partition; return the time of the last one in milliseconds."""
    timestamp = 0
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for key, value in records:
            timestamp = (await producer.send_and_wait(settings.topic(topic), value, key, partition=PARTITION)).timestamp
    return timestamp


async def write_events(settings: KafkaSettings) -> Expected:
    """Append the events and return the rows that they lead to."""
    fold = Fold()
    for offset, more in enumerate(EVENTS):
        event: dict[str, object] = {"id": f"e{offset}", "project_id": "p", "occurred_at": "2026-01-01T00:00:00Z", "source": "user", **more}
        value = json.dumps(event).encode()
        fold.take(Record(offset, await send(settings, TASK_CHANGES, [(b"p", value)]), b"p", value))
    return Expected(fold)


def rows_of(expected: Expected, through: int) -> list[tuple[bytes, bytes]]:
    """Return what a worker would write about them."""
    rows = [(row_key(*key), encode_row(row)) for key, row in expected.rows.items()]
    return [*rows, (offset_key(PARTITION), encode_row(OffsetRow(partition=PARTITION, through=through)))]


async def test_clean_rows_agree_and_a_wrong_one_is_found(topics: KafkaSettings) -> None:
    """Whoever wrote it, and whatever its stamp says."""
    expected = await write_events(topics)
    await send(topics, TASK_STATE, rows_of(expected, len(EVENTS)))
    clean = await run(topics, None, 10.0, 20)
    assert clean.ok
    assert clean.events == len(EVENTS)
    assert (
        clean.agree
        == clean.rows
        == {"task-state": {"project": 1, "branch": 1, "task": 2, "subtask": 0, "context": 0, "member": 0, "activity": 0, "letter": 0}}
    )
    assert clean.through[PARTITION] == len(EVENTS)

    row = expected.rows["branch", "p", "b"]
    assert isinstance(row, BranchSummary)
    for stamp in (row.stamp, 999):
        row.total_tasks, row.stamp = 7, stamp
        await send(topics, TASK_STATE, [(b"branch/p/b", encode_row(row))])
        wrong = await run(topics, None, 10.0, 20)
        assert not wrong.ok
        assert ("branch/p/b", "total_tasks", 1, 7) in [(one.key, one.field, one.expected, one.found) for one in wrong.differences]


async def test_what_transactions_leave_behind_is_no_event(topics: KafkaSettings) -> None:
    """The marker at the end of each, and what was taken back: the recount comes to its end and says what the worker says."""
    event: dict[str, object] = {"id": "e", "project_id": "p", "occurred_at": "2026-01-01T00:00:00Z", "source": "user", **EVENTS[1]}
    changes, fold = topics.topic(TASK_CHANGES), Fold()
    async with AIOKafkaProducer(**client_options(topics), transactional_id=f"{topics.topic_prefix}x") as producer:
        async with producer.transaction():
            sent = await producer.send_and_wait(changes, json.dumps(event).encode(), b"p", partition=PARTITION)
        await producer.begin_transaction()
        await producer.send_and_wait(changes, json.dumps({**event, "id": "f", "entity_id": "gone"}).encode(), b"p", partition=PARTITION)
        await producer.abort_transaction()
    fold.take(Record(0, sent.timestamp, b"p", json.dumps(event).encode()))
    await send(topics, TASK_STATE, rows_of(Expected(fold), 1))
    result = await asyncio.wait_for(run(topics, None, 10.0, 20), 60)
    assert (result.ok, result.events, result.outcomes) == (True, 1, {"applied": 1})


async def test_only_so_many_differences_are_listed(topics: KafkaSettings) -> None:
    """All are counted."""
    await write_events(topics)
    await send(topics, TASK_STATE, [(offset_key(PARTITION), encode_row(OffsetRow(partition=PARTITION, through=len(EVENTS))))])
    result = await run(topics, None, 10.0, 2)
    assert (result.difference_count, len(result.differences)) == (4, 2)


async def test_a_worker_that_stands_still_is_told(topics: KafkaSettings) -> None:
    """With how far it got."""
    expected = await write_events(topics)
    await send(topics, TASK_STATE, rows_of(expected, 2))
    with pytest.raises(Failure, match=f"partition {PARTITION} include the log up to 2 of {len(EVENTS)}"):
        await run(topics, None, 0.5, 20)


async def test_an_empty_log_has_nothing_to_disagree_with(topics: KafkaSettings) -> None:
    """No events, no rows."""
    result = await run(topics, None, 10.0, 20)
    assert result.ok
    assert result.events == 0


async def test_missing_topics_and_brokers_are_one_sentence(topics: KafkaSettings) -> None:
    """Each says what to do."""
    with pytest.raises(Failure, match="has no topic nothing-task-changes"):
        await run(topics.model_copy(update={"topic_prefix": "nothing-"}), None, 1.0, 20)
    with pytest.raises(Failure, match="No Kafka answers"):
        await run(KafkaSettings(bootstrap="127.0.0.1:1"), None, 1.0, 20)
