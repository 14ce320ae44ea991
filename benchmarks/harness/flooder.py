"""An agent out of hand: flooder.py BOOTSTRAP TOPIC PARTITIONS PROJECT RATE writes changes of one project's tasks until it is ended."""

import asyncio
import itertools
import sys
import time

import uvloop

from benchmarks.harness.load import Shape, change
from benchmarks.harness.stage import producing
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from schemas.events import encode_event

TURN_S = 0.01


async def flood(bootstrap: str, topic: str, partitions: int, project: str, rate: float) -> None:
    """Send at a steady rate, a batch per turn; never returns."""
    shape, partition, start = Shape(0), partition_for(project, partitions), time.perf_counter()
    async with producing(KafkaSettings(bootstrap=bootstrap)) as producer:
        sent = 0
        for turn in itertools.count(1):
            batch = producer.create_batch()
            while sent < turn * TURN_S * rate:
                value = encode_event(change(shape, project, sent))
                if batch.append(key=project.encode(), value=value, timestamp=None) is None:
                    break
                sent += 1
            if batch.record_count():
                await producer.send_batch(batch, topic, partition=partition)
            await asyncio.sleep(max(0.0, start + turn * TURN_S - time.perf_counter()))


if __name__ == "__main__":
    uvloop.run(flood(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], float(sys.argv[5])))
