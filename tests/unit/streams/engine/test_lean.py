"""What is read off aiokafka's own parts."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.engine.lean import position


async def test_a_position_may_be_unknown() -> None:
    """After an assignment, and where the log no longer has it, Kafka must be asked first; who looks on meanwhile is told 0."""
    place = TopicPartition("t", 3)
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    consumer.assign([place])
    assert position(consumer, place) == 0
    consumer._subscription.subscription.assignment.state_value(place).seek(7)  # noqa: SLF001  without a fetcher there is no other way
    assert position(consumer, place) == 7
    await consumer.stop()
