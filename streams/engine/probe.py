"""What must be true of Kafka before a worker starts: it answers, the topics are there and fit together."""

import asyncio
from dataclasses import dataclass
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from broker.connection import KafkaSettings, client_options
from broker.reach import reaching
from schemas.failure import Failure
from schemas.rows import EpochRow
from schemas.topics import CASCADES, DLQ, TASK_CHANGES, TASK_STATE, TOPICS, epoch_key

_RETRY_S: Final = 0.5
_CALL_MS: Final = 10_000
_decode_epoch = msgspec.json.Decoder(EpochRow).decode


@dataclass(frozen=True)
class Layout:
    """Partitions of the log and of the dead letters; epoch per partition ("" where the topics were made by hand)."""

    partitions: int
    dead_partitions: int
    epochs: dict[int, str]


async def read_layout(settings: KafkaSettings, patience_s: float) -> Layout:
    """Return how the topics are laid out, waiting up to `patience_s` for Kafka.

    Raises `Failure` when Kafka doesn't answer, or topics are missing or don't fit together.
    """
    counts = checked(await _patiently(settings, patience_s))
    with reaching(settings):
        epochs = await _epochs(settings, counts[TASK_STATE])
    return Layout(counts[TASK_CHANGES], counts[DLQ], epochs)


def checked(counts: dict[str, int]) -> dict[str, int]:
    """Return the partition counts when the worker can work with them. Raises `Failure`."""
    missing = [name for name in TOPICS if not counts.get(name)]
    if missing:
        raise Failure(f"Kafka has no topic {', '.join(missing)}: make the topics with `anabranch topics apply`.")
    alike = {name: counts[name] for name in (TASK_CHANGES, CASCADES, TASK_STATE)}
    if len(set(alike.values())) > 1:
        shown = ", ".join(f"{name} {count}" for name, count in alike.items())
        raise Failure(f"The topics must have equally many partitions, but have {shown}: see `anabranch topics plan`.")
    return counts


async def _patiently(settings: KafkaSettings, patience_s: float) -> dict[str, int]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    while True:
        try:
            with reaching(settings):
                return await _counts(settings)
        except Failure:
            if loop.time() >= deadline:
                raise
            await asyncio.sleep(_RETRY_S)


async def _counts(settings: KafkaSettings) -> dict[str, int]:
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=_CALL_MS)
    try:
        await admin.start()
        found = await admin.describe_topics([settings.topic(name) for name in TOPICS])
    finally:
        await admin.close()
    sizes = {topic["topic"]: 0 if topic["error_code"] else len(topic["partitions"]) for topic in found}
    return {name: sizes.get(settings.topic(name), 0) for name in TOPICS}


async def _epochs(settings: KafkaSettings, partitions: int) -> dict[int, str]:
    """Read each partition's first record: `topics apply` writes the epoch row before anything else."""
    topic = settings.topic(TASK_STATE)
    consumer = AIOKafkaConsumer(
        topic, **client_options(settings), request_timeout_ms=_CALL_MS, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with asyncio.timeout(_CALL_MS / 1000):
        await consumer.start()
        try:
            ends = await consumer.end_offsets([TopicPartition(topic, number) for number in range(partitions)])
            return {tp.partition: await _first_epoch(consumer, tp) if end else "" for tp, end in ends.items()}
        finally:
            await consumer.stop()


async def _first_epoch(consumer: AIOKafkaConsumer, tp: TopicPartition) -> str:
    record = await consumer.getone(tp)
    return _decode_epoch(record.value).epoch if record.key == epoch_key(tp.partition) and record.value else ""
