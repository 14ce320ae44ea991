"""Ends clients of Kafka in time, whatever their peer does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

CLOSE_S: Final = 1.0
"""For a client that has nothing more to say: a connection is closed in milliseconds, unless the peer does not answer the end of TLS.
asyncio and uvloop give it 30 s for that, and aiokafka waits for them."""


class Client(Protocol):
    """What can be stopped."""

    async def stop(self) -> Any:  # noqa: ANN401  because it is another's
        """Stop, and wait until all is closed."""


async def end(client: Client, patience_s: float = CLOSE_S) -> bool:
    """Stop a client; returns whether it came to its end in time. What is left of it then closes by itself, or with the process."""
    return await in_time(client.stop(), patience_s)


async def in_time(ending: Awaitable[Any], patience_s: float = CLOSE_S) -> bool:
    """Await the end of something; returns whether it came in time.

    It has a task of its own: before Python 3.11.3 a timeout in a task that was cancelled is another cancel, and what follows is left out.
    """
    task = asyncio.ensure_future(ending)
    try:
        await asyncio.wait([task], timeout=patience_s)
    finally:
        late = task.cancel()
    await asyncio.wait([task])
    if late and task.cancelled():
        return False
    try:
        task.result()
    except TimeoutError:
        return False
    return not late


@asynccontextmanager
async def running(consumer: AIOKafkaConsumer) -> AsyncIterator[None]:
    """Run a consumer, and end it in time."""
    try:
        await consumer.start()
        await asyncio.sleep(0)  # aiokafka cannot stop one whose tasks have not begun
        yield
    finally:
        await end(consumer)


@asynccontextmanager
async def producing(producer: AIOKafkaProducer) -> AsyncIterator[AIOKafkaProducer]:
    """Run a producer, and end it in time. What must be delivered is awaited inside."""
    try:
        await producer.start()
        yield producer
    finally:
        await end_producer(producer, CLOSE_S)


async def end_producer(producer: AIOKafkaProducer, patience_s: float) -> bool:
    """Stop a producer; returns whether all that was in line could be delivered in time.

    An idempotent one would try for ever: aiokafka lets none of its batches expire.
    """
    if await end(producer, patience_s):
        return True
    sender = producer._sender.sender_task  # noqa: SLF001  because aiokafka has no other way to give up
    if sender is not None:
        sender.cancel()
    await in_time(producer.client.close())
    return False
