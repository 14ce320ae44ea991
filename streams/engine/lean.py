"""Draining aiokafka's fetcher without building a `ConsumerRecord` of eleven fields for each record."""

import asyncio
import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import KafkaError

from broker.reading import plain_headers
from streams.domain.records import Record


async def wait_for_records(consumer: aiokafka.AIOKafkaConsumer, wanted: Collection[tuple[str, int]], seconds: float) -> None:
    """Wait until the fetcher holds something for the wanted partitions, and make its records ours when they are drained.

    What arrives later is not touched, so drain without waiting after this.
    """
    fetcher: Any = consumer._fetcher  # noqa: SLF001  there is no public way to drain without `ConsumerRecord`
    if seconds > 0 and not any(tp in wanted for tp in fetcher._records):  # noqa: SLF001
        waiter = fetcher._create_fetch_waiter()  # noqa: SLF001
        timer = asyncio.get_running_loop().call_later(seconds, _give_up, waiter)
        try:
            with contextlib.suppress(KafkaError):  # what the group's coordinator says there, it says in its own place too
                await waiter  # `asyncio.wait` would take another turn of the loop
        finally:
            timer.cancel()
    for result in fetcher._records.values():  # noqa: SLF001
        if type(result) is FetchResult and result._partition_records is not None:  # noqa: SLF001
            result._partition_records.__class__ = _LeanRecords  # noqa: SLF001


async def drain(consumer: aiokafka.AIOKafkaConsumer, tp: TopicPartition, seconds: float) -> Sequence[Record]:
    """Return what the fetcher has of a partition, waiting for it so long; nothing when nothing came."""
    with consumer._subscription.fetch_context():  # noqa: SLF001  what `getmany` does
        await wait_for_records(consumer, {tp}, seconds)
    drained: Any = await consumer.getmany(tp)  # records of ours, whatever its stub says
    found: Sequence[Record] = drained.get(tp, ())
    return found


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def position(consumer: aiokafka.AIOKafkaConsumer, tp: tuple[str, int]) -> int:
    """Return the next offset to be drained, 0 while that is not known: a new assignment, or one that the log no longer has."""
    assignment: Any = consumer._subscription.subscription.assignment  # noqa: SLF001  the public call is a coroutine
    return assignment.state_value(TopicPartition(*tp))._position or 0  # noqa: SLF001  `position` asserts that it is known


class _LeanRecords(PartitionRecords):
    """A fetched stretch of a partition that gives out our records, without a Python call of its own for each."""

    _records_iterator: Iterator[Record]

    def __iter__(self) -> Iterator[Record]:
        return self._records_iterator

    def _consumer_record(self, _tp: TopicPartition, raw: Any) -> Record:  # noqa: ANN401  a record of aiokafka's C extension
        headers = raw.headers
        return Record(raw.offset, raw.timestamp, raw.key, raw.value, plain_headers(headers) if headers else ())
