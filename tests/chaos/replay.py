"""The same log told anew: into topics of its own, to fewer or more workers, or to one that lost its disk. The rows must not differ."""

import asyncio
import signal
from typing import Final

from aiokafka import AIOKafkaProducer

from broker.admin import apply_topics, delete_topics
from broker.connection import KafkaSettings, client_options
from schemas.topics import TASK_CHANGES, TASK_STATE
from tests.chaos.load import PARTITIONS
from tests.chaos.processes import WorkerRun
from tests.chaos.world import World
from tests.integration.streams.topic_log import read_all

Rows = dict[bytes, bytes]
_PATIENCE_S: Final = 90.0


async def rows_of(kafka: KafkaSettings) -> Rows:
    """Return the newest value of each row: what compaction would leave."""
    records = await read_all(kafka, TASK_STATE)
    return {record.key: record.value for record in records if record.value is not None and not record.key.startswith(b"epoch/")}


async def differs_from_zero(world: World, workers: int) -> list[str]:
    """I7: play the log from its beginning into new topics with some workers; returns the rows that differ in any byte."""
    wanted = await rows_of(world.kafka)
    name = f"{world.kafka.topic_prefix}again{workers}-"
    kafka = world.cluster.settings(name)
    await apply_topics(kafka, "prod" if len(world.cluster.brokers) > 1 else "dev", PARTITIONS)
    await _copy(world.kafka, kafka)
    runs = [WorkerRun(f"again{workers}-{number}", kafka, world.folder) for number in range(workers)]
    try:
        for run in runs:
            run.keep()
        return await _until_equal(kafka, wanted, f"a replay by {workers}")
    finally:
        await asyncio.gather(*(run.stop() for run in runs), return_exceptions=True)
        await delete_topics(kafka)


async def differs_after_loss(world: World) -> list[str]:
    """Then a restore without a disk."""
    before = await rows_of(world.kafka)
    worker = world.workers[0]
    await worker.stop(signal.SIGKILL)
    worker.lose_disk()
    worker.keep()
    await world.heal()
    return await _until_equal(world.kafka, before, "a restore")


async def _until_equal(kafka: KafkaSettings, wanted: Rows, what: str) -> list[str]:
    found: Rows = {}
    for _ in range(int(_PATIENCE_S)):
        found = await rows_of(kafka)
        if found == wanted:
            return []
        await asyncio.sleep(1)
    different = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
    return [f"{what} leads to other rows: {different[:5]}"]


async def _copy(source: KafkaSettings, target: KafkaSettings) -> None:
    """Write the log again, each record at its own offset with its own time."""
    async with AIOKafkaProducer(**client_options(target), linger_ms=5, max_batch_size=512 * 1024, max_request_size=600_000) as producer:
        sent = [
            await producer.send(target.topic(TASK_CHANGES), record.value, record.key, record.partition, timestamp_ms=record.timestamp)
            for record in await read_all(source, TASK_CHANGES)
        ]
        await asyncio.gather(*sent)


async def replay_by_one(world: World) -> list[str]:
    """Then the log from zero, by one worker."""
    return await differs_from_zero(world, 1)


async def replay_by_three(world: World) -> list[str]:
    """Then the log from zero, by three workers."""
    return await differs_from_zero(world, 3)


AGAIN: Final = (replay_by_one, replay_by_three, differs_after_loss)
