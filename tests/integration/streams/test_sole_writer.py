"""A former owner that wakes up late and writes to `task-state`: on the real broker."""

import asyncio
from pathlib import Path

from aiokafka import AIOKafkaProducer

from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.topics import TASK_STATE
from tests.integration.streams.topic_log import PARTITIONS, agrees, read_all, recounted, send, shown, task_events
from tests.integration.streams.worker_process import WorkerProcess

_PARTITION = partition_for("project-1", PARTITIONS)


async def _first_versions(kafka: KafkaSettings) -> list[tuple[bytes, bytes]]:
    """Return the oldest version of each row of one partition that has a newer one."""
    versions: dict[bytes, list[bytes]] = {}
    for record in await read_all(kafka, TASK_STATE):
        if record.partition == _PARTITION:
            versions.setdefault(record.key, []).append(record.value)
    return [(key, values[0]) for key, values in versions.items() if values[0] != values[-1]]


async def _append(kafka: KafkaSettings, rows: list[tuple[bytes, bytes]]) -> None:
    async with AIOKafkaProducer(**client_options(kafka)) as producer:
        for key, value in rows:
            await producer.send_and_wait(kafka.topic(TASK_STATE), value, key=key, partition=_PARTITION)


async def test_rows_of_a_former_owner_are_written_over(topics: KafkaSettings, tmp_path: Path) -> None:
    """It puts old rows between two steps; once the owner has written again, the newest value of every key is the owner's."""
    worker = WorkerProcess(topics, tmp_path / "worker")
    await worker.start()
    await send(topics, task_events(2_000, seed=21))
    await agrees(topics)
    await send(topics, task_events(2_000, seed=22))
    await agrees(topics)
    stale = await _first_versions(topics)
    assert len(stale) > 20
    await _append(topics, stale)
    assert await shown(topics) != await recounted(topics)

    one = next(event for event in task_events(200, seed=23) if event.project_id == "project-1")
    await send(topics, [one])
    wanted = await recounted(topics)
    async with asyncio.timeout(30):
        while await shown(topics) != wanted:  # noqa: ASYNC110  because the event is in Kafka
            await asyncio.sleep(0.1)
    assert worker.log.count("foreign_rows") == 1
    await agrees(topics)
    assert await worker.stop() == 0
