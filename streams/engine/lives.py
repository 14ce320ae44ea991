"""From where on `task-state` holds whole rows, partition by partition (docs/decisions/0018)."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from broker.connection import KafkaSettings
from broker.epoch import epoch_row, new_epoch, write_epoch
from broker.reading import reader
from schemas.failure import Failure
from schemas.topics import TASK_CHANGES, TASK_STATE

log = structlog.get_logger("streams.lives")
_POLL_MS: Final = 10_000


class Life(NamedTuple):
    """epoch: of the rows, "" where topics were made by hand. begin: offset of `task-state` from which on they are whole.

    anew: this process found them cut off and began them again.
    """

    epoch: str
    begin: int
    anew: bool = False


async def read_lives(settings: KafkaSettings, *, mend: bool) -> dict[int, Life]:
    """Return each partition's life. Where the beginning of its rows was deleted: begin a new one if asked to mend, else leave it out.

    Rows are whole from the topic's first record on, or from an `epoch` row that says so: whoever finds a beginning cut off writes one, and
    all rows are folded again from `task-changes` behind it. The first of several such rows holds. Raises `Failure` when the log is cut off,
    too, `KafkaError` and `TimeoutError` when Kafka does not answer.
    """
    async with reader(settings, settings.topic(TASK_STATE)) as (consumer, places):
        found = await _lives(consumer, places)
        cut = [place for place in places if place.partition not in found]
        if cut and mend:
            numbers = [place.partition for place in cut]
            await _refuse_a_cut_log(consumer, settings, numbers)
            await write_epoch(settings, new_epoch(), numbers, whole=True)
            log.warning("rows_cut_off", partitions=numbers, note="All their rows are folded again from task-changes.")
            found |= {number: life._replace(anew=True) for number, life in (await _lives(consumer, cut)).items()}
        return found


async def _lives(consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> dict[int, Life]:
    """Return the life of each partition but of those whose beginning is gone and that nobody has begun again."""
    begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    found = {place.partition: await _life(consumer, place, begins[place], ends[place]) for place in places}
    return {number: life for number, life in found.items() if life is not None}


async def _life(consumer: AIOKafkaConsumer, place: TopicPartition, begin: int, end: int) -> Life | None:
    consumer.seek(place, begin)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(place, timeout_ms=_POLL_MS)).get(place, ()):
            row = epoch_row(record)
            if row is not None and (row.whole or not begin):
                return Life(row.epoch, record.offset if row.whole else 0)
            if not begin:
                return Life("", 0)
    return None if begin else Life("", 0)


async def _refuse_a_cut_log(consumer: AIOKafkaConsumer, settings: KafkaSettings, numbers: Iterable[int]) -> None:
    begins = await consumer.beginning_offsets([TopicPartition(settings.topic(TASK_CHANGES), number) for number in numbers])
    for place, begin in begins.items():
        if begin:
            raise Failure(
                f"Partition {place.partition} of task-state lost its oldest rows, and task-changes begins at {begin}. They cannot be "
                "made anew: bring task-changes back from a backup."
            )
