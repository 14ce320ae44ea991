"""The peer: the least that a restore on aiokafka can do: read a topic from its beginning to its end and drop what was read.

reader.py BOOTSTRAP TOPIC PARTITIONS prints the seconds that it took.
"""

import sys
import time

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition


async def read(bootstrap: str, topic: str, partitions: int) -> float:
    """Return the seconds from the first request to the last record."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    places = [TopicPartition(topic, p) for p in range(partitions)]
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    start = time.perf_counter()
    while any([await consumer.position(place) < ends[place] for place in places]):
        await consumer.getmany(timeout_ms=200)
    took = time.perf_counter() - start
    await consumer.stop()
    return took


if __name__ == "__main__":
    print(uvloop.run(read(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
