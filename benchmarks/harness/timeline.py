"""When a system had done how much, read from its own output after the run, so that measuring costs the run nothing."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from broker.connection import KafkaSettings, client_options

_FIRST_S: Final = 90.0
_LOOK_S: Final = 0.2
Records = list[ConsumerRecord[bytes, bytes]]


async def records(settings: KafkaSettings, topic: str, partitions: int) -> Records:
    """Return all records of a topic. They carry the time at which their producer made them (milliseconds)."""
    return await _from(settings, topic, partitions, newest=None)


async def last_records(settings: KafkaSettings, topic: str, partitions: int) -> Records:
    """Return the newest record of each partition that has one."""
    return await _from(settings, topic, partitions, newest=1)


async def _from(settings: KafkaSettings, topic: str, partitions: int, *, newest: int | None) -> Records:
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(**client_options(settings), fetch_max_wait_ms=10, max_partition_fetch_bytes=8 * 2**20)
    await consumer.start()
    try:
        places = [TopicPartition(topic, p) for p in range(partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, 0 if newest is None else max(ends[place] - newest, 0))
        found: Records = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(batch)
        return found
    finally:
        await consumer.stop()


async def total(settings: KafkaSettings, topic: str, partitions: int) -> int:
    """Return how many records were ever written to a topic."""
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(**client_options(settings))
    await consumer.start()
    try:
        return sum((await consumer.end_offsets([TopicPartition(topic, p) for p in range(partitions)])).values())
    finally:
        await consumer.stop()


async def growth(settings: KafkaSettings, topic: str, partitions: int, total: int, seconds: float) -> list[tuple[int, int]]:
    """Return (time in milliseconds, new records) of a topic, looked at until `total` came or for `seconds` from the first one on.

    Raises `TimeoutError` when the first takes more than 90 s.
    """
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(**client_options(settings))
    await consumer.start()
    try:
        places = [TopicPartition(topic, p) for p in range(partitions)]
        seen: list[tuple[int, int]] = []
        count, deadline = 0, time.monotonic() + _FIRST_S
        while count < total and time.monotonic() < deadline:
            now = sum((await consumer.end_offsets(places)).values())
            if now > count:
                deadline = deadline if seen else time.monotonic() + seconds
                seen.append((time.time_ns() // 1_000_000, now - count))
                count = now
            await asyncio.sleep(_LOOK_S)
    finally:
        await consumer.stop()
    if not seen:
        raise TimeoutError(f"nothing came to {topic}")
    return seen


def steady_rate(done: Iterable[tuple[int, int]], total: int, skip_share: float = 0.15) -> float:
    """Return events per second from the moment `skip_share` of `total` was done to the last one.

    done: (time in milliseconds, events that this adds), in any order.
    """
    events = 0
    start: tuple[int, int] | None = None
    last = 0
    for time_ms, more in sorted(done):
        events += more
        if start is None and events >= total * skip_share:
            start = (time_ms, events)
        last = time_ms
    if start is None or last <= start[0]:
        raise ValueError(f"only {events} of {total} events were seen: too few to measure")
    return (events - start[1]) / (last - start[0]) * 1000
