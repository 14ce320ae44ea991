"""Synthetic task changes with the shape of a busy platform: 40 projects, 200 branches, 10 000 tasks, 90 % by agents."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer

from broker.partitioner import partition_for
from schemas.events import Event, Fields, encode_event
from schemas.words import PRIORITIES, STATUSES


@dataclass(frozen=True)
class Shape:
    """How many of what; `ai_share` of the events come from agents, the rest from people. Versions count from `first_version` on."""

    events: int
    ai_share: float = 0.9
    projects: int = 40
    branches: int = 5
    tasks: int = 50
    seed: int = 1
    first_version: int = 0


def events(shape: Shape) -> Iterator[Event]:
    """Yield the events of a shape: always the same ones for the same shape."""
    dice = random.Random(shape.seed)
    versions: dict[str, int] = {}
    for number in range(shape.events):
        project = f"project-{dice.randrange(shape.projects):03d}"
        branch = f"{project}-b{dice.randrange(shape.branches)}"
        task = f"{branch}-t{dice.randrange(shape.tasks)}"
        versions[task] = versions.get(task, shape.first_version) + 1
        agent = dice.random() < shape.ai_share
        yield Event(
            id=f"018f0000-0000-7000-8000-{number + shape.first_version:012x}",
            entity="task",
            action="update",
            project_id=project,
            branch_id=branch,
            entity_id=task,
            origin="bench",
            version=versions[task],
            occurred_at="2026-01-01T00:00:00.000Z",
            source="mcp-ai" if agent else "user",
            session_id=f"s-{number % 7}" if agent else None,
            user_id=None if agent else f"u-{number % 5}",
            data=Fields(title="Implement the thing", status=dice.choice(STATUSES), priority=dice.choice(PRIORITIES)),
        )


def change(shape: Shape, project: str, number: int) -> Event:
    """Return the numbered change by an agent of one of a project's tasks."""
    branch = f"{project}-b{number % shape.branches}"
    return Event(
        id=f"018d0000-0000-7000-8000-{number:012x}",
        entity="task",
        action="update",
        project_id=project,
        branch_id=branch,
        entity_id=f"{branch}-t{number // shape.branches % shape.tasks}",
        occurred_at="2026-01-01T00:00:00.000Z",
        source="mcp-ai",
        session_id="s-0",
        data=Fields(title="Implement the thing", status=STATUSES[number % len(STATUSES)], priority=PRIORITIES[number % len(PRIORITIES)]),
    )


def creations(shape: Shape) -> Iterator[Event]:
    """Yield the creation of every task of a shape, by agents, branch after branch in turn."""
    for number in range(shape.projects * shape.branches * shape.tasks):
        rest, project_number = divmod(number, shape.projects)
        task_number, branch_number = divmod(rest, shape.branches)
        project = f"project-{project_number:03d}"
        branch = f"{project}-b{branch_number}"
        yield Event(
            id=f"018e0000-0000-7000-8000-{number:012x}",
            entity="task",
            action="create",
            project_id=project,
            branch_id=branch,
            entity_id=f"{branch}-t{task_number}",
            origin="bench",
            version=0,
            occurred_at="2026-01-01T00:00:00.000Z",
            source="mcp-ai",
            session_id="s-0",
            data=Fields(
                title="Implement the thing", status=STATUSES[number % len(STATUSES)], priority=PRIORITIES[number % len(PRIORITIES)]
            ),
        )


async def produce(producer: AIOKafkaProducer, topic: str, partitions: int, load: Iterator[Event]) -> list[int]:
    """Write the events in record batches and return how many each partition got."""
    counts = [0] * partitions
    batches = {p: producer.create_batch() for p in range(partitions)}
    acks = []
    for event in load:
        partition = partition_for(event.project_id, partitions)
        counts[partition] += 1
        key, value = event.project_id.encode(), encode_event(event)
        if batches[partition].append(key=key, value=value, timestamp=None) is None:
            acks.append(await producer.send_batch(batches[partition], topic, partition=partition))
            batches[partition] = producer.create_batch()
            batches[partition].append(key=key, value=value, timestamp=None)
    for partition, batch in batches.items():
        if batch.record_count():
            acks.append(await producer.send_batch(batch, topic, partition=partition))
    for ack in acks:
        await ack
    return counts
