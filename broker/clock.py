"""What time it is at a broker: the time that it gives to a record."""

import asyncio
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError

from broker.asking import CALL_MS, asking, raise_first
from broker.connection import KafkaSettings, client_options
from broker.ending import producing

_PATIENCE_S: Final = 15.0


async def broker_time_ms(settings: KafkaSettings) -> int:
    """Return a broker's time (ms since 1970), by a record on a topic that is made for it and deleted again. Raises `Failure`."""
    name = settings.topic(f"anabranch.clock-{uuid4().hex[:8]}")
    config = {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete", "retention.ms": "60000"}
    async with asking(settings) as admin:
        answer: Any = await admin.create_topics([NewTopic(name, 1, 1, topic_configs=config)])
        raise_first(answer.topic_errors)
        try:
            return await _told(settings, name)
        finally:
            await admin.delete_topics([name])


async def _told(settings: KafkaSettings, topic: str) -> int:
    """Send until the new topic has its leader; returns the time of the record."""
    async with (
        asyncio.timeout(_PATIENCE_S),
        producing(AIOKafkaProducer(**client_options(settings), request_timeout_ms=CALL_MS, acks="all")) as producer,
    ):
        while True:
            try:
                return int((await producer.send_and_wait(topic, b"now", partition=0)).timestamp)
            except KafkaError:
                await asyncio.sleep(0.05)
