"""Reads `task-state` up to its present end: the rows of every partition as they were at the end of a step."""

from typing import Final

from broker.connection import KafkaSettings
from broker.cut import StateCut
from broker.reading import reading
from schemas.topics import TASK_STATE

_POLL_MS: Final = 200


async def read_state(settings: KafkaSettings) -> dict[int, StateCut]:
    """Return the rows of each partition. `through` of each says which events of `task-changes` they include."""
    async with reading(settings, settings.topic(TASK_STATE)) as (consumer, partitions):
        ends = await consumer.end_offsets(partitions)
        cuts = {one: StateCut(one.partition) for one in partitions}
        left = {one for one in partitions if ends[one]}
        while left:
            for one, records in (await consumer.getmany(*left, timeout_ms=_POLL_MS)).items():
                cuts[one].take_all(records)
            left = {one for one in left if await consumer.position(one) < ends[one]}
    return {cut.partition: cut for cut in cuts.values()}
