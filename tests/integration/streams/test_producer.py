"""The writers' producer on a real broker: told to send now it does, and order and uniqueness stay."""

import asyncio
import random
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IncompatibleBrokerVersion

from broker.connection import KafkaSettings, client_options
from schemas.topics import CASCADES, TASK_STATE
from streams.engine.producer import patient_producer
from tests.integration.streams.topic_log import read_all

_STEPS = 400


async def _queue(producer: Any, topic: str, value: bytes) -> Any:  # noqa: ANN401  aiokafka has no types
    batch = producer.create_batch()
    batch.append(timestamp=None, key=b"k", value=value)
    batch.close()
    return await producer.send_batch(batch, topic, partition=0)


async def test_what_is_sent_now_and_later_stays_in_order(topics: KafkaSettings) -> None:
    """Whether the routine or we begin a request, each log has every record once and in order."""
    dice = random.Random(7)
    names = [topics.topic(CASCADES), topics.topic(TASK_STATE)]
    async with patient_producer(client_options(topics), 1 << 16) as producer:
        acks = []
        for number in range(_STEPS):
            acks += [await _queue(producer, name, b"%d" % number) for name in names]
            if dice.random() < 0.5:
                producer.send_now()
            for _ in range(dice.randrange(12)):
                await asyncio.sleep(0)
            if dice.random() < 0.1:
                await acks[-1]
        places = [(await ack).offset for ack in acks]
    for at, name in enumerate((CASCADES, TASK_STATE)):
        found = [record for record in await read_all(topics, name) if record.key == b"k"]
        assert [record.value for record in found] == [b"%d" % number for number in range(_STEPS)]
        assert [record.offset for record in found] == places[at::2]


async def test_a_request_has_begun_at_the_next_turn(topics: KafkaSettings) -> None:
    """Nothing is left in the queue once it was told to send; what comes behind goes with the next request, without being told."""
    async with patient_producer(client_options(topics), 1 << 16) as producer:
        await (await _queue(producer, topics.topic(CASCADES), b"first"))
        await asyncio.sleep(0.05)  # the routine is at rest again
        ack = await _queue(producer, topics.topic(CASCADES), b"second")
        producer.send_now()
        waiting = producer._message_accumulator._batches  # noqa: SLF001  no public way to see it
        assert not waiting.get(TopicPartition(topics.topic(CASCADES), 0))
        behind = await _queue(producer, topics.topic(CASCADES), b"third")
        assert ((await ack).offset, (await behind).offset) == (1, 2)


async def test_a_failure_of_our_request_ends_the_producer(topics: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends aiokafka's routine ends a producer that was told to send, too: nobody waits for ever."""
    producer: Any = patient_producer(client_options(topics), 1 << 16)
    await producer.start()
    await (await _queue(producer, topics.topic(CASCADES), b"first"))

    async def refuse(*_: object, **__: object) -> None:
        raise IncompatibleBrokerVersion("too old")

    monkeypatch.setattr(producer.client, "send", refuse)
    await asyncio.sleep(0.05)
    ack = await _queue(producer, topics.topic(CASCADES), b"second")
    producer.send_now()
    with pytest.raises(IncompatibleBrokerVersion):
        await ack
    monkeypatch.undo()
    await producer.stop()
