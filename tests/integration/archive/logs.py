"""What the tests of backup, growth and erasure share: a log with everything in it, and ways to compare two of them."""

import json
import random
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from audit.app import Result, run
from broker.connection import KafkaSettings, client_options
from broker.layout import partition_counts
from broker.partitioner import partition_for
from schemas.topics import DLQ_ACTION, DLQ_OFFSET, TASK_CHANGES, TASK_STATE
from tests.chaos.events import Events
from tests.integration.streams.topic_log import read_all
from tests.integration.streams.worker_process import WorkerProcess

SUMMARIES = ("project/", "branch/", "task/", "subtask/", "member/")
LIMITS = {"LIMITS__POISON_RATIO": "1", "LIMITS__POISON_CONSECUTIVE": "100000", "TIMES__SESSION_MS": "20000"}
"""And a session that a busy machine does not use up: no worker here is killed, so nobody waits for its end."""


def silent(_done: int, _total: int) -> None:
    """Show no progress."""


async def fill(kafka: KafkaSettings, seed: int, count: int) -> int:
    """Write at most so many events, and return how many: as many producers do, with double and late ones, poison, and settled letters.

    Conditions name stamps that were there.
    """
    dice = random.Random(seed)
    partitions = (await partition_counts(kafka))[TASK_CHANGES]
    ends = dict.fromkeys(range(partitions), 0)
    async with AIOKafkaProducer(**client_options(kafka), max_request_size=600_000, linger_ms=2) as producer:
        topic = kafka.topic(TASK_CHANGES)
        for one in Events(seed).take(count):
            place = partition_for(one.key.decode(), partitions)
            value, headers = one.value, []
            if value is not None and one.id and dice.random() < 0.1 and ends[place]:
                value = json.dumps({**json.loads(value), "if_stamp": dice.randrange(ends[place])}).encode()
            elif dice.random() < 0.01 and ends[place]:
                headers = [(DLQ_ACTION, b"drop"), (DLQ_OFFSET, b"%d" % dice.randrange(ends[place]))]
            ends[place] += 1
            await producer.send(topic, value, key=one.key, partition=place, headers=headers)
        await producer.flush()
    return sum(ends.values())


async def folded(kafka: KafkaSettings, directory: Path) -> Result:
    """Let a worker fold the whole log, and recount it."""
    worker = WorkerProcess(kafka, directory, **LIMITS)
    await worker.start()
    try:
        result = await run(kafka, None, 60.0, 20)
    finally:
        assert await worker.stop() == 0
    assert result.differences == []
    return result


def plain(record: Any) -> tuple[Any, ...]:  # noqa: ANN401  because aiokafka's records are generic
    """Return what of a record must not change."""
    return record.offset, record.timestamp, record.key, record.value, tuple(record.headers)


async def log_of(kafka: KafkaSettings) -> dict[int, list[tuple[Any, ...]]]:
    """Return the log by partition."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for record in await read_all(kafka, TASK_CHANGES):
        found.setdefault(record.partition, []).append(plain(record))
    return found


async def rows_of(kafka: KafkaSettings) -> dict[str, dict[str, Any]]:
    """Return the live summaries by key, without what counts offsets."""
    rows = {(record.key or b"").decode(): record.value for record in await read_all(kafka, TASK_STATE)}
    found = {key: json.loads(value) for key, value in rows.items() if key.startswith(SUMMARIES) and value}
    return {
        key: {name: value for name, value in row.items() if name not in {"stamp", "digest", "memory"}}
        for key, row in found.items()
        if not row.get("deleted")
    }


async def epochs(kafka: KafkaSettings) -> set[str]:
    """Return the epochs that `task-state` names."""
    return {json.loads(record.value)["epoch"] for record in await read_all(kafka, TASK_STATE) if (record.key or b"").startswith(b"epoch/")}
