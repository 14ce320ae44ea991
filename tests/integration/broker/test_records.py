"""Reading the log between two places, whatever stands there."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from broker.connection import KafkaSettings, client_options
from broker.records import records_between
from schemas.topics import TASK_CHANGES


async def test_what_a_transaction_took_back_is_no_record(topics: KafkaSettings) -> None:
    """Its offsets are passed over like a marker's, also at the end of the log."""
    async with AIOKafkaProducer(**client_options(topics), transactional_id=f"{topics.topic_prefix}x") as producer:
        async with producer.transaction():
            await producer.send_and_wait(topics.topic(TASK_CHANGES), b"{}", key=b"p", partition=2)
        await producer.begin_transaction()
        await producer.send_and_wait(topics.topic(TASK_CHANGES), b"{}", key=b"p", partition=2)
        await producer.abort_transaction()
    async with asyncio.timeout(20):
        found = [record.offset async for _, records in records_between(topics, {}, {2: 4}) for record in records]
    assert found == [0]


@pytest.mark.parametrize(("begin", "offsets"), [(0, [0, 2]), (1, [2]), (2, [2]), (3, [])])
async def test_a_span_that_ends_with_a_marker_has_an_end(topics: KafkaSettings, begin: int, offsets: list[int]) -> None:
    """The marker of a transaction takes an offset, and no record ever comes for it."""
    producer = AIOKafkaProducer(**client_options(topics), transactional_id=f"{topics.topic_prefix}x")
    async with producer:
        for _ in range(2):
            async with producer.transaction():
                await producer.send_and_wait(topics.topic(TASK_CHANGES), b"{}", key=b"p", partition=2)
    found: list[int] = []
    async with asyncio.timeout(20):
        async for partition, records in records_between(topics, {2: begin}, {2: 4}):
            assert partition == 2
            found += [record.offset for record in records]
    assert found == offsets
