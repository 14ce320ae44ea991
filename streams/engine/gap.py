"""What a stretch of `task-state` holds, read beside the worker's own consumer."""

import asyncio
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError

from broker.ending import running

_AGAIN_S: Final = 1.0


async def read_gap(options: dict[str, Any], tp: TopicPartition, begin: int, end: int) -> dict[bytes, bytes]:
    """Return the newest value per key between two offsets (end exclusive), waiting for a broker that is away.

    options: keyword arguments of every client. What compaction or a transaction's marker left empty gives nothing.
    """
    while True:
        try:
            return await _read(options, tp, begin, end)
        except KafkaConnectionError:
            await asyncio.sleep(_AGAIN_S)


async def _read(options: dict[str, Any], tp: TopicPartition, begin: int, end: int) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100)
    consumer.assign([tp])
    async with running(consumer):
        consumer.seek(tp, begin)
        while await consumer.position(tp) < end:
            for record in (await consumer.getmany(tp, timeout_ms=200)).get(tp, ()):
                if record.offset < end and record.key is not None and record.value is not None:
                    found[record.key] = record.value
    return found
