"""The life of the topics: one row in each partition of `task-state`, and the ends of what the topics hold."""

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from broker.connection import KafkaSettings, client_options
from broker.ending import producing
from broker.reach import reaching
from broker.reading import reading
from schemas.rows import EpochRow, encode_row
from schemas.topics import TASK_STATE, epoch_key

_PREFIX: Final = b"epoch/"
_CALL_TIMEOUT_MS: Final = 10_000
_FIRST_TIMEOUT_S: Final = 10.0
_decode = msgspec.json.Decoder(EpochRow).decode


def new_epoch() -> str:
    """Return a name that no life of any topics had before."""
    return str(uuid.uuid4())


async def write_epoch(settings: KafkaSettings, epoch: str, numbers: Iterable[int] | None = None, *, whole: bool = False) -> str:
    """Write the `epoch` row to some partitions of `task-state`, to all of them where none are named; returns the epoch.

    whole: the writer makes every row again behind it.
    """
    topic = settings.topic(TASK_STATE)
    options = {**client_options(settings), "request_timeout_ms": _CALL_TIMEOUT_MS, "acks": "all", "enable_idempotence": True}
    async with asyncio.timeout(_CALL_TIMEOUT_MS / 1000), producing(AIOKafkaProducer(**options)) as producer:
        partitions = sorted(await producer.partitions_for(topic) if numbers is None else numbers)
        sent = [
            await producer.send(topic, encode_row(EpochRow(partition=p, epoch=epoch, whole=whole)), key=epoch_key(p), partition=p)
            for p in partitions
        ]
        await asyncio.gather(*sent)
    return epoch


async def has_epoch(settings: KafkaSettings) -> bool:
    """Say whether every partition of `task-state` has its `epoch` row.

    Quick on any size: the row is the first that is ever written. Only where cleaning replaced it by a later one is all read.
    """
    async with reading(settings, settings.topic(TASK_STATE)) as (consumer, partitions):
        ends = await consumer.end_offsets(partitions)
        if not all(ends.values()):
            return False
        waiting = set(partitions)
        try:
            async with asyncio.timeout(_FIRST_TIMEOUT_S):
                while waiting:
                    consumer.pause(*(set(partitions) - waiting))
                    for partition, records in (await consumer.getmany(*waiting, max_records=1, timeout_ms=200)).items():
                        if not (records[0].key or b"").startswith(_PREFIX):
                            return len(await _scan(consumer, partitions, ends)) == len(partitions)
                        waiting.discard(partition)
        except TimeoutError:
            return False
    return True


async def read_epoch(settings: KafkaSettings) -> dict[int, str]:
    """Return partition → epoch as `task-state` has them, by reading all of it; raises `Failure` when Kafka cannot be asked."""
    async with reaching(settings), reading(settings, settings.topic(TASK_STATE)) as (consumer, partitions):
        return await _scan(consumer, partitions, await consumer.end_offsets(partitions))


async def end_offsets(settings: KafkaSettings, topic: str) -> dict[int, int]:
    """Return partition → end (the offset that the next record gets) of a topic, named as in `schemas.topics`. Raises `Failure`."""
    async with reaching(settings), reading(settings, settings.topic(topic)) as (consumer, partitions):
        return {place.partition: end for place, end in (await consumer.end_offsets(partitions)).items()}


async def _scan(consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition], ends: dict[TopicPartition, int]) -> dict[int, str]:
    found: dict[int, str] = {}
    await consumer.seek_to_beginning(*partitions)
    consumer.resume(*partitions)
    open_ = {partition for partition in partitions if ends[partition] > 0}
    while open_:
        for partition, records in (await consumer.getmany(*open_, timeout_ms=200)).items():
            for row in filter(None, map(epoch_row, records)):
                found[partition.partition] = row.epoch
        open_ = {partition for partition in open_ if await consumer.position(partition) < ends[partition]}
    return found


def epoch_row(record: Any) -> EpochRow | None:  # noqa: ANN401  because aiokafka's records are generic
    """Return the `epoch` row that a record of `task-state` holds, None when it holds another."""
    return _decode(record.value) if record.value is not None and (record.key or b"").startswith(_PREFIX) else None
