"""The peer: the least that brings a Kafka record to WebSocket clients: aiokafka in, a finished frame to bare uvloop transports out.

broadcaster.py PORT BOOTSTRAP TOPIC PARTITIONS. A record goes to the clients that named its key as their project.
"""

import asyncio
import sys

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.peers.sockets import Bare, frame_of


async def broadcast(port: int, bootstrap: str, topic: str, partitions: int) -> None:
    """Send every record as it comes; never returns."""
    streams: dict[bytes, set[asyncio.Transport]] = {}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=10, auto_offset_reset="latest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
    await consumer.seek_to_end()
    await asyncio.get_running_loop().create_server(lambda: Bare(streams), "127.0.0.1", port, backlog=1024)
    async for record in consumer:
        frame = frame_of(record.value)
        for transport in streams.get(record.key, ()):
            transport.write(frame)


if __name__ == "__main__":
    uvloop.run(broadcast(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
