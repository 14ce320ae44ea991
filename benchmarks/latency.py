"""Event produced -> cascade read, and -> frame at a WebSocket client, at 200 events/s, beside a bare aiokafka relay.

`python -m benchmarks.latency [--json] [--quick] [--rate N] [--seconds N] [--rounds N]`. One measuring process sends a person's change
(acks=all, no linger) and takes the time until the matching output was read; the clock starts before `send`. The relay copies each
record to another topic: event -> relay -> reader has the same two hops through Kafka, with nothing done in between. An uncounted run
of each way warms Kafka up. The way to a frame is measured in runs of its own, because an edge and its client take from the same cores.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.auth import mint
from benchmarks.harness.asking import asked
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.stage import fresh_topics, part, process, producing, stage
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from broker.ports import free_port
from broker.secrets import jwt_secret
from schemas.events import Event, Fields, encode_event
from schemas.topics import CASCADES, TASK_CHANGES
from schemas.words import STATUSES

PARTITIONS = 4
PROJECTS = 40


class _Id(msgspec.Struct):
    id: str


decode_id: Final = msgspec.json.Decoder(_Id).decode


@dataclass
class Clock:
    """When each event was sent and when its output came (seconds)."""

    sent: dict[str, float] = field(default_factory=dict)
    came: dict[str, float] = field(default_factory=dict)

    def seen(self, event_id: str) -> None:
        """Note the first arrival of an event's output."""
        if event_id in self.sent:
            self.came.setdefault(event_id, time.perf_counter())

    def latencies_ms(self, ids: list[str]) -> list[float]:
        """Return the sorted latencies. Raises `AssertionError` if one is missing."""
        missing = [i for i in ids if i not in self.came]
        if missing:
            raise AssertionError(f"{len(missing)} of {len(ids)} outputs never came")
        return sorted((self.came[i] - self.sent[i]) * 1000 for i in ids)


def quantile(values: list[float], share: float) -> float:
    """Return the value below which that share of the sorted values lies."""
    return values[min(len(values) - 1, int(len(values) * share))]


async def drive(producer: AIOKafkaProducer, topic: str, clock: Clock, rate: float, seconds: float) -> list[str]:
    """Send a person's changes at a steady rate and return their ids."""
    ids = []
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        delay = start + number / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        ids.append(await _send(producer, topic, clock, number))
    return ids


async def _send(producer: AIOKafkaProducer, topic: str, clock: Clock, number: int) -> str:
    project = f"project-{number % PROJECTS:03d}"
    event = Event(
        id=str(uuid.uuid4()),
        entity="task",
        action="update",
        project_id=project,
        branch_id=f"{project}-b{number % 5}",
        entity_id=f"{project}-t{number % 50}",
        occurred_at="2026-01-01T00:00:00.000Z",
        source="user",
        user_id="u-1",
        data=Fields(title="Implement the thing", status=STATUSES[number % len(STATUSES)], priority="high"),
    )
    clock.sent[event.id] = time.perf_counter()
    await producer.send(topic, encode_event(event), key=project.encode(), partition=partition_for(project, PARTITIONS))
    return event.id


@contextlib.asynccontextmanager
async def reading(settings: KafkaSettings, topic: str, seen: Callable[[str], None]) -> AsyncIterator[None]:
    """Read a topic from its end and report the id of each record."""
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(**client_options(settings), fetch_max_wait_ms=500, auto_offset_reset="latest")
    await consumer.start()
    places = [TopicPartition(topic, p) for p in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_end(*places)

    async def read() -> None:
        async for record in consumer:
            seen(decode_id(record.value).id)

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        task.cancel()
        await consumer.stop()


@contextlib.asynccontextmanager
async def watching(port: int, token: str, seen: Callable[[str], None]) -> AsyncIterator[None]:
    """Follow all projects over a WebSocket and report the id of each frame."""
    async with connect(
        f"ws://127.0.0.1:{port}/ws/v2",
        additional_headers={"Authorization": f"Bearer {token}"},
        subprotocols=[Subprotocol("summary.v2")],
        proxy=None,
        max_size=2**24,
    ) as socket:
        await socket.send(json.dumps(SUBSCRIBE))

        async def read() -> None:
            async for text in socket:
                seen(decode_id(text).id)

        task = asyncio.create_task(read())
        try:
            yield
        finally:
            task.cancel()


SUBSCRIBE = {"type": "sync", "payload": {"action": "subscribe", "data": {"streams": [{"stream": "project:*"}]}}}


async def _measure(settings: KafkaSettings, clock: Clock, options: argparse.Namespace) -> list[str]:
    async with producing(settings) as producer:
        topic = settings.topic(TASK_CHANGES)
        await drive(producer, topic, clock, options.rate, options.warm_up)
        ids = await drive(producer, topic, clock, options.rate, options.seconds)
        await asyncio.sleep(2.0)
        return ids


async def to_cascade(settings: KafkaSettings, folder: Path, options: argparse.Namespace) -> list[float]:
    """Return the latencies to a reader of `cascades`."""
    folder.mkdir()
    clock = Clock()
    async with part("worker", settings, folder), reading(settings, settings.topic(CASCADES), clock.seen):
        return clock.latencies_ms(await _measure(settings, clock, options))


async def to_frame(settings: KafkaSettings, folder: Path, options: argparse.Namespace) -> list[float]:
    """Return the latencies to a WebSocket client."""
    folder.mkdir()
    port = free_port()
    clock = Clock()
    token = mint(jwt_secret(folder), "bench", ["*"], 3600)
    async with part("worker", settings, folder), part("edge", settings, folder, "--port", str(port)), watching(port, token, clock.seen):
        return clock.latencies_ms(await _measure(settings, clock, options))


async def relay(settings: KafkaSettings, folder: Path, options: argparse.Namespace) -> list[float]:
    """Return the latencies of the relay."""
    folder.mkdir()
    clock = Clock()
    arguments = [
        "-m",
        "benchmarks.peers.relay",
        settings.bootstrap,
        settings.topic(TASK_CHANGES),
        settings.topic(CASCADES),
        str(PARTITIONS),
    ]
    async with process(arguments, folder / "log"), reading(settings, settings.topic(CASCADES), clock.seen):
        return clock.latencies_ms(await _measure(settings, clock, options))


WAYS: Final = {"event -> cascade read": to_cascade, "event -> WebSocket frame": to_frame, "aiokafka relay": relay}


async def run(options: argparse.Namespace) -> None:
    """Run all ways, interleaved, and print."""
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    async with stage() as (kafka, folder):
        for way, measure in WAYS.items():
            await measure(await fresh_topics(kafka, f"warm-{way.split()[-1]}-"), folder / f"warm-{way.split()[-1]}", options)
        for number, way in itertools.product(range(options.rounds), WAYS):
            place = f"{number}-{way.split()[-1]}"
            found[way].append(await WAYS[way](await fresh_topics(kafka, f"{place}-"), folder / place, options))
    peers = found.pop("aiokafka relay")
    show([_claim(f"{way}, {name}", share, found[way], peers, options) for way in found for name, share in (("p50", 0.5), ("p99", 0.99))])


def _claim(what: str, share: float, ours: list[list[float]], peers: list[list[float]], options: argparse.Namespace) -> Claim:
    values, others = ([quantile(run, share) for run in side] for side in (ours, peers))
    return claim_of("latency", what, "ms", values, ("aiokafka relay", others), vars(options))


if __name__ == "__main__":
    # warm_up: seconds before each measured part
    sys.exit(uvloop.run(run(asked(rate=(200.0, 50.0), seconds=(8.0, 1.0), rounds=(9, 1), warm_up=(5.0, 0.5)))))
