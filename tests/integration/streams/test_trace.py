"""A trace goes with its event: the worker passes on the headers that name it, and none besides."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from broker.connection import KafkaSettings, client_options
from schemas.events import Event, Fields, encode_event
from schemas.topics import CASCADES, TASK_CHANGES
from tests.integration.streams.worker_process import WorkerProcess

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def worker(topics: KafkaSettings, tmp_path: Path) -> AsyncIterator[WorkerProcess]:
    """Give a worker that runs."""
    found = WorkerProcess(topics, tmp_path / "worker")
    await found.start()
    yield found
    await found.kill()


def event(name: str) -> Event:
    """Return a person's new task."""
    return Event(
        id=name,
        entity="task",
        action="create",
        project_id="p",
        entity_id=name,
        branch_id="b",
        occurred_at="2026-11-25T10:00:00Z",
        source="user",
        data=Fields(title="T"),
    )


@pytest.mark.usefixtures("worker")
async def test_a_trace_reaches_the_cascades(topics: KafkaSettings) -> None:
    """With it, without it, and with other headers beside it."""
    producer = AIOKafkaProducer(acks="all", **client_options(topics))
    consumer = AIOKafkaConsumer(topics.topic(CASCADES), group_id=None, auto_offset_reset="earliest", **client_options(topics))
    await producer.start()
    await consumer.start()
    try:
        sent = [("traced", [("traceparent", PARENT), ("other", b"x")]), ("plain", [])]
        for name, headers in sent:
            await producer.send_and_wait(topics.topic(TASK_CHANGES), encode_event(event(name)), key=b"p", headers=headers)
        found: list[list[tuple[str, bytes]]] = []
        while len(found) < len(sent):
            record = await asyncio.wait_for(consumer.getone(), 60)
            found.append(list(record.headers))
        assert found == [[("traceparent", PARENT)], []]
    finally:
        await producer.stop()
        await consumer.stop()
