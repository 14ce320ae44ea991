"""From where on `task-state` holds whole rows, partition by partition (docs/decisions/0018)."""

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from broker.connection import KafkaSettings, client_options
from schemas.failure import Failure
from schemas.rows import EpochRow, encode_row
from schemas.topics import TASK_CHANGES, TASK_STATE, epoch_key

log = structlog.get_logger("streams.lives")
_CALL_MS: Final = 10_000
_decode = msgspec.json.Decoder(EpochRow).decode


class Life(NamedTuple):
    """epoch: of the rows, "" where topics were made by hand. begin: offset of `task-state` from which on they are whole.

    anew: this process found them cut off and began them again.
    """

    epoch: str
    begin: int
    anew: bool = False


async def read_lives(settings: KafkaSettings, partitions: int, *, mend: bool) -> dict[int, Life]:
    """Return each partition's life. Where the beginning of its rows was deleted: begin a new one if asked to mend, else leave it out.

    Rows are whole from the topic's first record on, or from an `epoch` row that says so: whoever finds a beginning cut off writes one, and
    all rows are folded again from `task-changes` behind it. The first of several such rows holds. Raises `Failure` when the log is cut off,
    too, `KafkaError` and `TimeoutError` when Kafka does not answer.
    """
    topic = settings.topic(TASK_STATE)
    consumer = AIOKafkaConsumer(
        **client_options(settings), request_timeout_ms=_CALL_MS, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with asyncio.timeout(_CALL_MS / 1000):
        await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(places)
        found = {place.partition: await _life(consumer, place) for place in places}
        cut = [number for number, life in found.items() if life is None]
        if cut and mend:
            await _refuse_a_cut_log(consumer, settings, cut)
            await _begin_again(settings, cut)
            log.warning("rows_cut_off", partitions=cut, note="All their rows are folded again from task-changes.")
            found |= {number: await _life(consumer, places[number]) for number in cut}
        return {number: life._replace(anew=number in cut) for number, life in found.items() if life is not None}
    finally:
        await consumer.stop()


async def _life(consumer: AIOKafkaConsumer, place: TopicPartition) -> Life | None:
    """Return a partition's life; None when its beginning is gone and nobody has begun again."""
    begin = (await consumer.beginning_offsets([place]))[place]
    end = (await consumer.end_offsets([place]))[place]
    newest = ""
    consumer.seek(place, begin)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(place, timeout_ms=_CALL_MS)).get(place, ()):
            row = _epoch_row(record)
            if row is not None and (row.whole or record.offset == 0):
                return Life(row.epoch, record.offset)
            newest = row.epoch if row is not None else newest
    return None if begin else Life(newest, 0)


def _epoch_row(record: Any) -> EpochRow | None:  # noqa: ANN401  aiokafka's records are generic
    return _decode(record.value) if record.key == epoch_key(record.partition) and record.value else None


async def _refuse_a_cut_log(consumer: AIOKafkaConsumer, settings: KafkaSettings, partitions: Iterable[int]) -> None:
    begins = await consumer.beginning_offsets([TopicPartition(settings.topic(TASK_CHANGES), number) for number in partitions])
    for place, begin in begins.items():
        if begin:
            raise Failure(
                f"Partition {place.partition} of task-state lost its oldest rows, and task-changes begins at {begin}. They cannot be "
                "made anew: bring task-changes back from a backup."
            )


async def _begin_again(settings: KafkaSettings, partitions: Iterable[int]) -> None:
    """Write the row behind which all rows come again."""
    epoch, topic = str(uuid.uuid4()), settings.topic(TASK_STATE)
    options = {**client_options(settings), "request_timeout_ms": _CALL_MS, "enable_idempotence": True}
    async with AIOKafkaProducer(**options) as producer:
        for number in partitions:
            row = encode_row(EpochRow(partition=number, epoch=epoch, whole=True))
            await producer.send_and_wait(topic, row, key=epoch_key(number), partition=number)
