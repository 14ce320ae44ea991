"""What the topics of a test hold, and a recount of it that knows nothing of the worker."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import PolicyViolationError

from broker.connection import KafkaSettings, client_options
from broker.epoch import end_offsets
from broker.partitioner import partition_for
from schemas.events import Event, Fields, encode_event
from schemas.topics import CASCADES, TASK_CHANGES, TASK_STATE

PARTITIONS = 4
PATIENCE_S = 60
_STATUSES = ("todo", "in_progress", "done")
_PRIORITIES = ("low", "medium", "high")


def task_events(count: int, seed: int) -> list[Event]:
    """Return seeded task updates over 12 projects, most of them by agents."""
    rnd = random.Random(seed)
    return [_event(rnd, f"{seed}-{number}") for number in range(count)]


def _event(rnd: random.Random, name: str) -> Event:
    branch = f"b{rnd.randrange(3)}"
    task = f"{branch}-t{rnd.randrange(40)}"
    return Event(
        id=name,
        entity="task",
        action="update",
        project_id=f"project-{rnd.randrange(12)}",
        entity_id=task,
        branch_id=branch,
        occurred_at="2026-02-28T03:55:36.000Z",
        source="mcp-ai" if rnd.random() < 0.9 else "user",
        session_id="s",
        data=Fields(title="x", status=rnd.choice(_STATUSES), priority=rnd.choice(_PRIORITIES), branch_id=branch),
    )


async def send(kafka: KafkaSettings, events: Iterable[Event]) -> None:
    """Produce events and wait until the broker has them."""
    await send_raw(kafka, [(event.project_id.encode(), encode_event(event)) for event in events])


async def send_raw(kafka: KafkaSettings, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Produce any bytes under their project's key."""
    async with AIOKafkaProducer(**client_options(kafka), max_batch_size=128 * 1024, linger_ms=2) as producer:
        topic = kafka.topic(TASK_CHANGES)
        sent = [await producer.send(topic, value, key=key, partition=partition_for(key.decode(), PARTITIONS)) for key, value in records]
        await asyncio.gather(*sent)


async def read_all(kafka: KafkaSettings, topic: str) -> list[Any]:
    """Return every record that a topic holds now, in order per partition."""
    consumer = AIOKafkaConsumer(
        kafka.topic(topic), **client_options(kafka), auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=20
    )
    async with consumer:
        ends = await consumer.end_offsets(sorted(consumer.assignment()))
        records: list[Any] = []
        while [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
            for batch in (await consumer.getmany(timeout_ms=100)).values():
                records += batch
    return records


@dataclass(frozen=True)
class View:
    """Tasks by (project, id) → (branch, status, priority, stamp); counts by branch; ends by partition."""

    tasks: dict[tuple[str, str], tuple[str, str, str, int]]
    branches: dict[tuple[str, str], Counter[str]]
    ends: dict[int, int]


async def recounted(kafka: KafkaSettings) -> View:
    """Return what the log of record says, counted anew."""
    tasks: dict[tuple[str, str], tuple[str, str, str, int]] = {}
    ends: dict[int, int] = {}
    for record in await read_all(kafka, TASK_CHANGES):
        ends[record.partition] = record.offset + 1
        try:
            event = json.loads(record.value)
        except ValueError:
            continue
        data = event["data"]
        tasks[event["project_id"], event["entity_id"]] = (data["branch_id"], data["status"], data["priority"], record.offset)
    branches: dict[tuple[str, str], Counter[str]] = {}
    for (project, _), (branch, status, priority, _) in tasks.items():
        branches.setdefault((project, branch), Counter()).update((status, priority, "total"))
    return View(tasks, branches, ends)


async def shown(kafka: KafkaSettings) -> View:
    """Return what `task-state` says."""
    rows = {record.key: record.value for record in await read_all(kafka, TASK_STATE)}
    found = {key.decode(): json.loads(value) for key, value in rows.items()}
    tasks = {
        (row["project_id"], row["id"]): (row["branch_id"], row["status"], row["priority"], row["stamp"])
        for key, row in found.items()
        if key.startswith("task/")
    }
    branches = {
        (row["project_id"], row["id"]): Counter(row["status_breakdown"])
        + Counter(row["priority_breakdown"])
        + Counter(total=row["total_tasks"])
        for key, row in found.items()
        if key.startswith("branch/")
    }
    ends = {row["partition"]: row["through"] for key, row in found.items() if key.startswith("offset/")}
    return View(tasks, branches, ends)


async def told(kafka: KafkaSettings) -> dict[tuple[str, str], int]:
    """Return the newest stamp of each task that any cascade has told of."""
    newest: dict[tuple[str, str], int] = {}
    for record in await read_all(kafka, CASCADES):
        message = json.loads(record.value)
        data = message["payload"]["data"]
        changed = [data["primary"]] if message["type"] == "update" else [entry["row"] for entry in data["primary"]]
        for row in (*changed, *data["cascade"].get("tasks", ())):
            place = (row["project_id"], row["id"])
            newest[place] = max(newest.get(place, -1), row["stamp"])
    return newest


async def agrees(kafka: KafkaSettings) -> None:
    """Wait until the rows reach the end of the log; then all must agree. Raises `AssertionError`."""
    wanted = await recounted(kafka)
    async with asyncio.timeout(PATIENCE_S):
        while (found := await shown(kafka)).ends != wanted.ends:  # noqa: ASYNC110  because the event is in Kafka
            await asyncio.sleep(0.2)
    assert found == wanted
    async with asyncio.timeout(PATIENCE_S):
        while await told(kafka) != {place: task[3] for place, task in wanted.tasks.items()}:  # noqa: ASYNC110  because the event is in Kafka
            await asyncio.sleep(0.2)


async def cut_off(kafka: KafkaSettings, name: str) -> None:
    """Have Kafka delete the older half of a topic's records, for which a compacted one must allow deleting first."""
    topic = kafka.topic(name)
    admin = AIOKafkaAdminClient(**client_options(kafka))
    await admin.start()
    try:
        await _policy(admin, topic, "delete")
        ends = await end_offsets(kafka, name)
        await _delete(admin, {TopicPartition(topic, number): RecordsToDelete(end // 2) for number, end in ends.items()})
        if name == TASK_STATE:
            await _policy(admin, topic, "compact")
    finally:
        await admin.close()


async def _delete(admin: AIOKafkaAdminClient, records: dict[TopicPartition, RecordsToDelete]) -> None:
    """Delete them as soon as the brokers have heard that they may: each hears of a new policy a moment later."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await admin.delete_records(records)
            except PolicyViolationError:
                await asyncio.sleep(0.05)
            else:
                return


async def _policy(admin: AIOKafkaAdminClient, topic: str, policy: str) -> None:
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"cleanup.policy": policy})])
