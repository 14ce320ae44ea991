"""Reads `task-state` and `task-changes` from their beginnings with a consumer of its own. Shell around aiokafka."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from audit.intake import Record
from broker.connection import KafkaSettings
from broker.cut import StateCut
from broker.layout import missing, partition_counts
from broker.reading import reading
from broker.records import records_between
from schemas.failure import Failure
from schemas.topics import TASK_CHANGES, TASK_STATE

_POLL_MS: Final = 200


async def check_topics(settings: KafkaSettings) -> None:
    """Raise `Failure` when Kafka does not answer, or a topic is missing: a consumer would wait for it for a long time."""
    counts = await partition_counts(settings, (TASK_CHANGES, TASK_STATE))
    absent = sorted(name for name, count in counts.items() if not count)
    if absent:
        raise Failure(f"Kafka at {settings.bootstrap} {missing(settings, settings.topic(absent[0]))}")


async def ends_of_changes(settings: KafkaSettings) -> dict[int, int]:
    """Return the end of `task-changes` per partition. Raises `Failure` when its beginning is gone: no recount is possible then."""
    topic = settings.topic(TASK_CHANGES)
    async with reading(settings, topic) as (consumer, partitions):
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
    gone = next((one for one, begin in begins.items() if begin > 0), None)
    if gone is not None:
        raise Failure(f"{topic}/{gone.partition} begins at offset {begins[gone]}: its first events are gone, so nothing can be recounted.")
    return {one.partition: end for one, end in ends.items()}


async def read_state(settings: KafkaSettings, ends: dict[int, int], wait_s: float) -> dict[int, StateCut]:
    """Return the rows of each partition: all that is there now, and on until they include its end of `task-changes`.

    Raises `Failure` when nothing is written for `wait_s` seconds and the ends are not reached.
    """
    async with reading(settings, settings.topic(TASK_STATE)) as (consumer, partitions):
        written = await consumer.end_offsets(partitions)
        cuts = {one: StateCut(one.partition) for one in partitions}
        last, exact = time.monotonic(), False
        while behind := [one for one in cuts if cuts[one].through < ends[one.partition] or await consumer.position(one) < written[one]]:
            batches = await consumer.getmany(timeout_ms=_POLL_MS)
            for partition, records in batches.items():
                cuts[partition].take_all(records)
            last = time.monotonic() if batches else last
            if not batches and not exact:
                ends, exact = await _ends_of_events(settings, {one.partition: cut.through for one, cut in cuts.items()}, ends), True
            if time.monotonic() - last > wait_s:
                raise _stands_still(cuts[behind[0]], ends[behind[0].partition])
    throughs = {cut.partition: cut.through for cut in cuts.values()}
    now = await _ends_of_events(settings, throughs, await ends_of_changes(settings))
    for cut in cuts.values():
        cut.settle(everything=now[cut.partition] <= cut.through)
    return {cut.partition: cut for cut in cuts.values()}


async def changes(settings: KafkaSettings, ends: dict[int, int]) -> AsyncIterator[tuple[int, Record]]:
    """Yield (partition, record) of `task-changes` from the beginning up to the given ends (exclusive)."""
    async with aclosing(records_between(settings, {}, ends)) as batches:
        async for partition, records in batches:
            for record in records:
                yield partition, Record(*record)


async def _ends_of_events(settings: KafkaSettings, begins: dict[int, int], ends: dict[int, int]) -> dict[int, int]:
    """Return the ends of the last events between the given places: the marker of a transaction takes an offset, too, and is none."""
    found = dict(begins)
    async with aclosing(records_between(settings, begins, ends)) as batches:
        async for partition, records in batches:
            if records:
                found[partition] = records[-1].offset + 1
    return found


def _stands_still(cut: StateCut, end: int) -> Failure:
    return Failure(
        f"The worker does not go on: its rows of partition {cut.partition} include the log up to {cut.through} of {end}. "
        "Is one running? Start it with `anabranch worker`, or wait longer with --wait."
    )
