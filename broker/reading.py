"""Reads a topic from its beginning, in a process of its own and outside any group. Shell around aiokafka."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from broker.connection import KafkaSettings, client_options
from broker.ending import end
from broker.reach import reaching
from schemas.failure import Failure

FETCH_WAIT_MS: Final = 10
"""How long a fetch may wait for news. A broker answers one connection's requests in their order: what is asked behind a fetch from empty
partitions waits as long, and aiokafka's half a second, question after question, makes seconds."""
_FETCH_BYTES: Final = 4 * 1024 * 1024
_PATIENCE_S: Final = 40.0
_START_S: Final = 10.0
Reader = tuple[AIOKafkaConsumer, list[TopicPartition]]
Headers = tuple[tuple[str, bytes], ...]


def plain_headers(headers: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Return a record's headers as all of us read them: Kafka lets one have no value, which is as good as an empty one."""
    return tuple((name, value or b"") for name, value in headers)


@asynccontextmanager
async def reading(settings: KafkaSettings, topic: str) -> AsyncIterator[Reader]:
    """Yield a consumer that stands at the beginning of every partition of a topic. Raises `Failure` when there is none."""
    async with AsyncExitStack() as stack:
        async with reaching(settings):
            consumer, partitions = await stack.enter_async_context(reader(settings, topic, _PATIENCE_S))
        if not partitions:
            raise Failure(f"Kafka has no topic {topic}: make the topics with `anabranch topics apply`.")
        yield consumer, partitions


@asynccontextmanager
async def reader(settings: KafkaSettings, topic: str, start_s: float = _START_S) -> AsyncIterator[Reader]:
    """Do as `reading` does, for those who try again while Kafka is away: raises `KafkaError` and, after `start_s`, `TimeoutError`."""
    consumer = AIOKafkaConsumer(
        topic,  # without a group, all its partitions are assigned at the start
        **client_options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # what a transaction took back is no event and no row
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    try:
        async with asyncio.timeout(start_s):
            await consumer.start()
            partitions = sorted(consumer.assignment())
            if partitions:
                await consumer.seek_to_beginning(*partitions)
        yield consumer, partitions
    finally:
        await end(consumer)
