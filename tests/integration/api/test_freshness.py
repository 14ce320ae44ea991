"""An edge that is cut off from Kafka, or behind in one partition, says so; then it goes on, and nobody misses a frame."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from api.app import compose, run
from api.consumer import Tail
from api.edge import Edge
from api.feed import Audience, Feed, Observed
from api.settings import EdgeSettings, TailSettings
from api.tracing import Untraced
from broker.admin import apply_topics
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.topics import CASCADES, TASK_CHANGES
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


class Reading(NamedTuple):
    """A tail at work, what it holds, and what it tells."""

    tail: HeldTail
    edge: Edge
    told: "asyncio.Queue[str | None]"

    async def next(self) -> str | None:
        """Return what is told next."""
        return await asyncio.wait_for(self.told.get(), 60)


@asynccontextmanager
async def reading(topics: KafkaSettings, folder: Path, times: TailSettings) -> AsyncIterator[Reading]:
    """Run the part of an edge that reads, without its ports."""
    edge = compose(EdgeSettings(kafka=topics, data=folder, jwt_secret=SecretStr(SECRET), tail=times), 1)
    feed = Feed(edge.replica, edge.hub, Observed(edge.meters, Untraced()), Audience(lambda _: None, lambda *_: None))
    tail = HeldTail(topics, times, feed, edge.hub, edge.meters)
    told: asyncio.Queue[str | None] = asyncio.Queue()
    tail.watch.stale = lambda old: told.put_nowait(None if old is None else old.reason)
    running = asyncio.create_task(tail.run())
    try:
        await asyncio.wait_for(tail.ready.wait(), 60)
        yield Reading(tail, edge, told)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_one_partition_that_lags_is_told(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """The broker answers and the others are read: what is in that one is old all the same."""
    await worker.add_task("p", "t0")
    async with reading(topics, tmp_path, TailSettings()) as read:
        held = partition_for("p", PARTITIONS)
        other = next(name for name in "abcdefgh" if partition_for(name, PARTITIONS) != held)
        place = TopicPartition(topics.topic(CASCADES), held)
        read.tail.consumer.pause(place)
        await worker.add_task("p", "t1")
        while read.told.empty():
            await worker.add_task(other, "t")
            await asyncio.sleep(0.05)
        assert read.told.get_nowait() == "lag"
        assert read.edge.replica.of(other) is not None
        read.tail.consumer.resume(place)
        assert await read.next() is None


async def test_events_that_wait_for_a_worker_are_told(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """All that any worker has written is read: it is old all the same while events wait. A transaction's marker is none."""
    waiting, marked = "p", next(name for name in "abcdefgh" if partition_for(name, PARTITIONS) != partition_for("p", PARTITIONS))
    sender = AIOKafkaProducer(**client_options(topics), transactional_id=f"{topics.topic_prefix}sender")
    async with sender, reading(topics, tmp_path, TailSettings(stale_after_s=1.0, probe_s=0.2)) as read:
        async with sender.transaction():
            sent = await sender.send_and_wait(topics.topic(TASK_CHANGES), b"{}", key=b"m", partition=partition_for(marked, PARTITIONS))
        await worker.through(partition_for(marked, PARTITIONS), sent.offset + 1)
        offset = await worker.log(waiting, "s", "update", "t1", title="unseen")
        assert await read.next() == "backlog"
        assert read.edge.meters.registry.get_sample_value("edge_backlog_events") == 2, "the event and the marker"
        await worker.through(partition_for(waiting, PARTITIONS), offset + 1)
        assert await read.next() is None
        async with sender.transaction():
            await sender.send_and_wait(topics.topic(TASK_CHANGES), b"{}", key=b"m", partition=partition_for(marked, PARTITIONS))
            await asyncio.sleep(3)  # an event of a transaction that is not over is none yet
            assert read.told.empty()
            await worker.through(partition_for(marked, PARTITIONS), sent.offset + 3)
        await worker.log(waiting, "s", "update", "t1", title="unseen again")
        assert await read.next() == "backlog"
