"""An edge that is cut off from Kafka, or behind in one partition, says so; then it goes on, and nobody misses a frame."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from api.app import compose, run
from api.consumer import Tail
from api.feed import Audience, Feed, Observed
from api.settings import EdgeSettings
from api.tracing import Untraced
from broker.admin import apply_topics
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.topics import CASCADES
from tests.chaos.cluster import Cluster
from tests.integration.api.harness import PARTITIONS, SECRET, Client, RunningEdge, TinyWorker, client_of, until_ready

Fault = Callable[[Cluster], Awaitable[None]]


@asynccontextmanager
async def edge_of(kafka: KafkaSettings, folder: Path) -> AsyncIterator[RunningEdge]:
    """Run an edge as it comes: with the times that it has by itself."""
    listening: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
    settings = EdgeSettings(kafka=kafka, port=0, data=folder, jwt_secret=SecretStr(SECRET), web_dir=folder / "none")
    stop = asyncio.Event()
    done = asyncio.create_task(run(settings, stop=stop, listening=lambda url, private: listening.set_result((url, private))))
    edge = RunningEdge(*await listening, stop, done)
    try:
        await until_ready(edge)
        yield edge
    finally:
        await edge.end()


async def mute(cluster: Cluster) -> None:
    """Swallow what the broker answers the edge; connections stay."""
    for proxy in cluster.doors("edge"):
        proxy.become("mute")


async def cut(cluster: Cluster) -> None:
    """Reset and refuse the edge's connections."""
    for proxy in cluster.doors("edge"):
        proxy.become("cut")


async def freeze(cluster: Cluster) -> None:
    """Let the broker stand still."""
    cluster.brokers[0].tell(signal.SIGSTOP)


async def resync(worker: TinyWorker, client: Client, name: str) -> None:
    """Expect `live`, and what was published since."""
    await client.until("sync", "live")
    await client.until_sequence("project:p", await worker.add_task("p", name))
    assert (client.gaps, client.doubled) == (0, 0)


@pytest.mark.timeout(240)
async def test_an_edge_that_is_cut_off_says_so_and_then_goes_on(tmp_path: Path) -> None:
    """Whatever cuts it off: a network that swallows or refuses, a broker that stands still. What came meanwhile follows without a gap."""
    async with Cluster(tmp_path / "cluster") as cluster:
        direct, behind = cluster.settings("f-"), cluster.settings("f-", "edge")
        await apply_topics(direct)
        producer = AIOKafkaProducer(acks="all", **client_options(direct))
        await producer.start()
        worker = TinyWorker(producer, direct)
        await worker.begin()
        first = await worker.add_task("p", "t0")
        async with edge_of(behind, tmp_path) as edge, client_of(edge) as client:
            await client.subscribe("project:p")
            await client.until_sequence("project:p", first)
            for number, fault in enumerate((mute, cut, freeze)):
                await fault(cluster)
                told = await client.until("sync", "stale")
                assert told["payload"]["data"]["reason"] == "broker"
                if fault is not freeze:
                    await worker.add_task("p", f"meanwhile {number}")
                await cluster.heal()
                await resync(worker, client, f"after {number}")
        await producer.stop()


class HeldTail(Tail):
    """A tail whose consumer a test can hold."""

    consumer: AIOKafkaConsumer

    async def _connect(self) -> AIOKafkaConsumer:
        self.consumer = await super()._connect()
        return self.consumer


async def test_one_partition_that_lags_is_told(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """The broker answers and the others are read: what is in that one is old all the same."""
    edge = compose(EdgeSettings(kafka=topics, data=tmp_path, jwt_secret=SecretStr(SECRET)), 1)
    feed = Feed(edge.replica, edge.hub, Observed(edge.meters, Untraced()), Audience(lambda _: None, lambda *_: None))
    tail = HeldTail(topics, edge.settings.tail, feed, edge.hub, edge.meters)
    told: asyncio.Queue[str | None] = asyncio.Queue()
    tail.stale = told.put_nowait
    await worker.add_task("p", "t0")
    reading = asyncio.create_task(tail.run())
    try:
        await asyncio.wait_for(tail.ready.wait(), 60)
        held = partition_for("p", PARTITIONS)
        other = next(name for name in "abcdefgh" if partition_for(name, PARTITIONS) != held)
        place = TopicPartition(topics.topic(CASCADES), held)
        tail.consumer.pause(place)
        await worker.add_task("p", "t1")
        while told.empty():
            await worker.add_task(other, "t")
            await asyncio.sleep(0.05)
        assert told.get_nowait() == "lag"
        assert edge.replica.of(other) is not None
        tail.consumer.resume(place)
        assert await asyncio.wait_for(told.get(), 60) is None
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
