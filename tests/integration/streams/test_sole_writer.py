"""A former owner that wakes up late and writes to `task-state`: on the real broker."""

import asyncio
import signal
from pathlib import Path

from aiokafka import AIOKafkaProducer

from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.topics import TASK_STATE
from tests.integration.streams.topic_log import PARTITIONS, agrees, read_all, recounted, send, shown, task_events
from tests.integration.streams.worker_process import PATIENCE_S, SHORT, WorkerProcess

_PARTITION = partition_for("project-1", PARTITIONS)


async def _newest(kafka: KafkaSettings) -> dict[bytes, bytes]:
    """Return the newest version of each row of one partition."""
    return {record.key: record.value for record in await read_all(kafka, TASK_STATE) if record.partition == _PARTITION}


async def _two_versions(kafka: KafkaSettings, seed: int) -> list[tuple[bytes, bytes]]:
    """Let a running worker change rows twice; return their older versions as one step, the `offset` row last."""
    await send(kafka, task_events(2_000, seed=seed))
    await agrees(kafka)
    old = await _newest(kafka)
    await send(kafka, task_events(2_000, seed=seed + 1))
    await agrees(kafka)
    new = await _newest(kafka)
    return sorted(((key, value) for key, value in old.items() if new[key] != value), key=lambda row: row[0].startswith(b"offset/"))


async def _append(kafka: KafkaSettings, rows: list[tuple[bytes, bytes]]) -> None:
    async with AIOKafkaProducer(**client_options(kafka)) as producer:
        for key, value in rows:
            await producer.send_and_wait(kafka.topic(TASK_STATE), value, key=key, partition=_PARTITION)


async def _equal(kafka: KafkaSettings) -> None:
    """Wait until the last value of every key is what a recount gives."""
    wanted = await recounted(kafka)
    async with asyncio.timeout(PATIENCE_S):
        while await shown(kafka) != wanted:  # noqa: ASYNC110  because the event is in Kafka
            await asyncio.sleep(0.1)


async def test_rows_of_a_former_owner_are_written_over(topics: KafkaSettings, tmp_path: Path) -> None:
    """It puts old rows between two steps; once the owner has written again, the newest value of every key is the owner's."""
    worker = WorkerProcess(topics, tmp_path / "worker")
    await worker.start()
    stale = await _two_versions(topics, seed=21)
    assert len(stale) > 20
    await _append(topics, stale)
    assert await shown(topics) != await recounted(topics)

    one = next(event for event in task_events(200, seed=23) if event.project_id == "project-1")
    await send(topics, [one])
    await _equal(topics)
    assert worker.log.count("foreign_rows") == 1
    await agrees(topics)
    assert await worker.stop() == 0


async def test_a_worker_that_was_paused_does_no_harm(topics: KafkaSettings, tmp_path: Path) -> None:
    """Stopped in the middle of its work for longer than its session, it wakes up and ends itself; the rows stay the other's."""
    paused, other = (WorkerProcess(topics, tmp_path / name, **SHORT) for name in ("paused", "other"))
    await paused.start()
    sending = asyncio.create_task(send(topics, task_events(15_000, seed=31)))
    await asyncio.sleep(0.3)
    paused.process.send_signal(signal.SIGSTOP)
    try:
        await sending
        await other.start()
        await other.owns(PARTITIONS)
        await send(topics, task_events(3_000, seed=32))
        await agrees(topics)
        paused.process.send_signal(signal.SIGCONT)
        await send(topics, task_events(3_000, seed=33))
        await _equal(topics)
        assert await asyncio.wait_for(paused.process.wait(), PATIENCE_S) != 0
        assert await other.stop() == 0
    finally:
        for worker in (paused, other):
            if worker.process.returncode is None:
                await worker.kill()
