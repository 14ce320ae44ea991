"""The publisher library in a service, on a real broker."""

import asyncio
import threading
from collections.abc import Iterable

import confluent_kafka
import pytest
from aiokafka import AIOKafkaConsumer
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from connectors.blocking import BlockingPublisher
from connectors.publish import Delivery, Failure, Project, Publisher, move_task
from schemas.events import Event, decode_event
from schemas.topics import TASK_CHANGES
from tests.integration.connectors.outcome import traces

TIMEOUT_S = 30
SHOP = Project(id="shop", source="system")


TRACES = [f"00-{number:032x}-{number:016x}-01" for number in range(1, 5)]


async def read(settings: KafkaSettings, count: int) -> dict[tuple[int, int], tuple[bytes | None, Event]]:
    """Return key and event by (partition, offset) of the first so many events."""
    consumer = AIOKafkaConsumer(settings.topic(TASK_CHANGES), **client_options(settings), auto_offset_reset="earliest")
    await consumer.start()
    try:
        records = [await asyncio.wait_for(consumer.getone(), TIMEOUT_S) for _ in range(count)]
        assert sum((await consumer.end_offsets(consumer.assignment())).values()) == count
    finally:
        await consumer.stop()
    return {(record.partition, record.offset): (record.key, decode_event(record.value or b"")) for record in records}


async def test_a_delivery_says_where_the_event_lies(topics: KafkaSettings) -> None:
    """A hundred callers at once, several projects: each gets its own places, and the log has each event once, there."""
    projects = [Project(id=f"p{number}", source="user") for number in range(7)]
    reported: list[Delivery] = []
    async with Publisher(topics, report=reported.extend) as publisher:
        answers = await asyncio.gather(
            *(
                publisher.write(projects[n % 7].create_task(f"t{n}", "b", title="T"), projects[n % 7].patch_task(f"t{n}", status="done"))
                for n in range(100)
            )
        )
    log = await read(topics, 200)
    deliveries = [delivery for answer in answers for delivery in answer]
    assert sorted(delivery.id for delivery in deliveries) == sorted(delivery.id for delivery in reported)
    for delivery in deliveries:
        key, event = log[delivery.partition, delivery.offset]
        assert (event.id, event.project_id, key) == (delivery.id, delivery.project_id, delivery.project_id.encode())
        assert delivery.partition == partition_for(delivery.project_id, 4)
    for create, patch in answers:
        assert create.offset < patch.offset


async def test_a_move_between_projects_arrives_in_both(topics: KafkaSettings) -> None:
    """Both partitions have their half, under one correlation id."""
    async with Publisher(topics) as publisher:
        await publisher.write(*move_task("t", SHOP, Project(id="hall", source="user"), "hall:main", title="T"))
    found = [event for _, event in (await read(topics, 2)).values()]
    assert {(event.project_id, event.action) for event in found} == {("shop", "delete"), ("hall", "create")}
    assert len({event.correlation_id for event in found}) == 1


async def test_each_event_has_the_trace_of_its_caller(topics: KafkaSettings) -> None:
    """Also where callers share a batch, and from threads, whose current span goes along; without a trace there is no header."""

    def serve() -> None:
        with BlockingPublisher(topics) as publisher:
            publisher.write(SHOP.delete_task("thread"), traceparent=TRACES[1])
            with use_span(NonRecordingSpan(SpanContext(3, 3, is_remote=False, trace_flags=TraceFlags(1)))):
                publisher.start(SHOP.delete_task("span")).result(TIMEOUT_S)

    async with Publisher(topics) as publisher:
        await asyncio.gather(publisher.write(SHOP.delete_task("given"), traceparent=TRACES[0]), publisher.write(SHOP.delete_task("none")))
        await publisher.send([SHOP.delete_task("sent")], TRACES[3])
        with pytest.raises(ValueError, match="no traceparent"):
            await publisher.write(SHOP.delete_task("bad"), traceparent="nonsense")
    await asyncio.to_thread(serve)
    found = await traces(topics)
    wanted = {"given": TRACES[0], "thread": TRACES[1], "span": TRACES[2], "sent": TRACES[3]}
    assert found == {name: [("traceparent", trace)] for name, trace in wanted.items()} | {"none": []}


async def test_threads_without_asyncio_share_a_publisher(topics: KafkaSettings) -> None:
    """As in a service that answers each request in a thread."""

    def serve() -> None:
        with BlockingPublisher(topics) as publisher:

            def request(number: int) -> None:
                delivery = publisher.write(SHOP.create_task(f"t{number}", "b"))[0]
                assert delivery.partition == partition_for("shop", 4)

            threads = [threading.Thread(target=request, args=(number,)) for number in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT_S)
            assert publisher.start(SHOP.delete_task("t0")).result(TIMEOUT_S)[0].offset == 20
            assert [position.offset for position in publisher.positions] == [21]

    await asyncio.to_thread(serve)
    assert len(await read(topics, 21)) == 21


async def test_a_blocking_publisher_without_a_broker_leaves_no_thread() -> None:
    """The failure is the same sentence."""
    before = threading.active_count()
    with pytest.raises(Failure, match="No Kafka answers"):
        await asyncio.to_thread(BlockingPublisher(KafkaSettings(bootstrap="127.0.0.1:1")).__enter__)
    assert len([one for one in threading.enumerate() if one.name == "anabranch-publisher"]) == 0
    assert threading.active_count() <= before + 1


def produce(settings: KafkaSettings, keys: Iterable[str], partitioner: str) -> dict[str, int]:
    """Return the partition that librdkafka chose for each key."""
    chosen: dict[str, int] = {}

    def note(error: object, message: confluent_kafka.Message) -> None:
        assert error is None
        key, partition = message.key(), message.partition()
        assert isinstance(key, bytes)
        assert partition is not None
        chosen[key.decode()] = partition

    producer = confluent_kafka.Producer(
        {"bootstrap.servers": settings.bootstrap, "partitioner": partitioner, "enable.idempotence": True, "acks": "all"}
    )
    for key in keys:
        producer.produce(settings.topic(TASK_CHANGES), key=key.encode(), value=b"{}", on_delivery=note)
    assert producer.flush(TIMEOUT_S) == 0
    return chosen


def test_librdkafka_agrees_when_it_is_told_to(topics: KafkaSettings) -> None:
    """murmur2_random puts every project where our publisher does; its default does not."""
    keys = [*(f"project-{number}" for number in range(200)), "Zürich", "プロジェクト", "a/b%c"]
    ours = {key: partition_for(key, 4) for key in keys}
    assert produce(topics, keys, "murmur2_random") == ours
    assert produce(topics, keys, "consistent_random") != ours
