"""When a broker is ready: its metadata lists it, and a record that was produced is read back."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from broker.connection import KafkaSettings, client_options
from broker.ending import in_time, producing, running
from broker.reach import quiet_clients

READY_TOPIC: Final = "anabranch.ready"
_CONFIG: Final = {"retention.ms": "60000", "segment.ms": "60000", "cleanup.policy": "delete"}
_POLL_S: Final = 0.05
_CALL_TIMEOUT_MS: Final = 5_000


async def port_opens(host: str, port: int) -> None:
    """Return when something accepts connections there. Asks without a client, because clients log each refusal as an error."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_POLL_S)
        else:
            writer.close()
            await writer.wait_closed()
            return


async def round_trip(settings: KafkaSettings) -> None:
    """Return when a record was produced to, and read back from, the broker's own small topic. Tries until it is cancelled."""
    while True:
        try:
            with quiet_clients():
                await _try_round_trip(client_options(settings))
        except (KafkaError, OSError, TimeoutError):
            await asyncio.sleep(_POLL_S)
        else:
            return


async def _try_round_trip(options: dict[str, Any]) -> None:
    async with AsyncExitStack() as stack:
        producer = AIOKafkaProducer(**options, request_timeout_ms=_CALL_TIMEOUT_MS, acks="all")
        await stack.enter_async_context(producing(producer))
        await _ensure_topic(options)
        where = await producer.send_and_wait(READY_TOPIC, b"ready", partition=0)
        consumer = AIOKafkaConsumer(**options, request_timeout_ms=_CALL_TIMEOUT_MS, auto_offset_reset="none")
        await stack.enter_async_context(running(consumer))
        partition = TopicPartition(READY_TOPIC, 0)
        consumer.assign([partition])
        consumer.seek(partition, where.offset)
        async with asyncio.timeout(_CALL_TIMEOUT_MS / 1000):
            await consumer.getone()


async def _ensure_topic(options: dict[str, Any]) -> None:
    admin = AIOKafkaAdminClient(**options, request_timeout_ms=_CALL_TIMEOUT_MS)
    try:
        await admin.start()
        answer: Any = await admin.create_topics([NewTopic(READY_TOPIC, 1, 1, topic_configs=_CONFIG)])
        for _topic, code, *_rest in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)
    finally:
        await in_time(admin.close())


async def exercise(settings: KafkaSettings) -> None:
    """Use a broker once as our processes do, so that a class archive holds what they need."""
    host, _, port = settings.bootstrap.rpartition(":")
    await port_opens(host, int(port))
    await round_trip(settings)
    options = client_options(settings)
    consumer = AIOKafkaConsumer(READY_TOPIC, **options, group_id="anabranch.ready", auto_offset_reset="earliest")
    async with running(consumer):
        await consumer.getone()
        await consumer.commit()
