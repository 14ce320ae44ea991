"""The peer: the least that any stream processor on aiokafka can do: read a record, write it on, acknowledged by the broker.

relay.py BOOTSTRAP SOURCE TARGET PARTITIONS. The way event -> relay -> reader has two hops through Kafka, as ours has.
"""

import sys

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition


async def relay(bootstrap: str, source: str, target: str, partitions: int) -> None:
    """Copy every record as it comes; never returns."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=10, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await consumer.start()
    await producer.start()
    consumer.assign([TopicPartition(source, p) for p in range(partitions)])
    async for record in consumer:
        await producer.send(target, value=record.value, key=record.key, partition=record.partition)


if __name__ == "__main__":
    uvloop.run(relay(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
