"""From a Kafka record's due instant to its arrival at each of 1 000 clients; everything shares the machine.

`python -m benchmarks.broadcast [--json] [--quick] [--clients N] [--seconds N] [--rounds N]`. Two loads: 20 records/s to all clients, and
200/s over ten projects with a tenth of the clients each. A record has a due instant in its id; lateness of the producer counts. All
samples of all clients count. The peer is a bare uvloop broadcaster fed by aiokafka, in the same invocation, interleaved.
"""

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer

from benchmarks.harness.asking import asked
from benchmarks.harness.crowd import DUE
from benchmarks.harness.message import message
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import BUSY, SECRET, UNLIMITED, busy, crowd
from benchmarks.harness.stage import fresh_topics, part, process, producing, stage
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from broker.ports import free_port
from schemas.topics import CASCADES

PARTITIONS: Final = 4
PEER: Final = "bare uvloop fed by aiokafka"


class Load(NamedTuple):
    """Records per second, over how many projects."""

    rate: float
    projects: int

    def __str__(self) -> str:
        return f"{self.rate:g}/s to all" if self.projects == 1 else f"{self.rate:g}/s over {self.projects} projects"


LOADS: Final = (Load(20, 1), Load(200, 10))


class Scene(NamedTuple):
    """Where one run takes place."""

    kafka: KafkaSettings
    folder: Path


@contextlib.asynccontextmanager
async def ours(scene: Scene) -> AsyncIterator[int]:
    """Run an edge; gives its port."""
    port = free_port()
    async with part("edge", scene.kafka, scene.folder, "--port", str(port), environment=UNLIMITED):
        yield port


@contextlib.asynccontextmanager
async def bare(scene: Scene) -> AsyncIterator[int]:
    """Run the peer; gives its port."""
    port = free_port()
    arguments = ["-m", "benchmarks.peers.broadcaster", str(port), scene.kafka.bootstrap, scene.kafka.topic(CASCADES), str(PARTITIONS)]
    async with process(arguments, scene.folder / "peer.log"):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.05)
        yield port


async def publish(producer: AIOKafkaProducer, topic: str, load: Load, seconds: float) -> int:
    """Write records at their due instants; returns how many."""
    total = int(load.rate * seconds)
    start = time.monotonic_ns()
    for number in range(total):
        due = start + int(number / load.rate * 1e9)
        await asyncio.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9))
        await _send(producer, topic, f"p{number % load.projects}", message(f"p{number % load.projects}", number, f"{DUE.decode()}{due}"))
    await producer.flush()
    return total


async def _send(producer: AIOKafkaProducer, topic: str, project_id: str, value: bytes) -> None:
    await producer.send(topic, value, key=project_id.encode(), partition=partition_for(project_id, PARTITIONS))


async def measure(way: Any, kafka: KafkaSettings, folder: Path, load: Load, options: argparse.Namespace) -> dict[str, Any]:  # noqa: ANN401  because both ways are context managers
    """Return what the crowd found. Raises if a delivery is missing."""
    folder.mkdir()
    streams = [f"project:p{number}" for number in range(load.projects)]
    topic = kafka.topic(CASCADES)
    async with producing(kafka) as producer, way(Scene(kafka, folder)) as port:
        for number in range(load.projects):
            await _send(producer, topic, f"p{number}", message(f"p{number}", 0))
        await producer.flush()
        await asyncio.sleep(1)
        async with crowd(port, options.clients, "watch", SECRET, streams=streams) as clients:
            await clients.line()
            await publish(producer, topic, load, 2.0)
            total = await publish(producer, topic, load, options.seconds)
            expected = (total + int(load.rate * 2.0)) * options.clients // load.projects
            found = await clients.tell(expected)
    if found["samples"] != expected:
        raise AssertionError(f"{found['samples']} of {expected} deliveries came")
    return found


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run both ways under both loads, interleaved; return the claims."""
    found: dict[tuple[Load, str], list[dict[str, Any]]] = {(load, way): [] for load in LOADS for way in ("ours", PEER)}
    async with stage() as (kafka, folder):
        for number in range(options.rounds):
            for (load, way), runs in found.items():
                place = f"{number}-{load.projects}-{'ours' if way == 'ours' else 'peer'}"
                topics = await fresh_topics(kafka, f"{place}-")
                runs.append(await measure(ours if way == "ours" else bare, topics, folder / place, load, options))
    return [_claim(load, share, found, options) for load in LOADS for share in ("0.5", "0.99")]


def _claim(load: Load, share: str, found: dict[tuple[Load, str], list[dict[str, Any]]], options: argparse.Namespace) -> Claim:
    mine, theirs = ([run["quantiles"][share] for run in found[load, way]] for way in ("ours", PEER))
    name = {"0.5": "p50", "0.99": "p99"}[share]
    settings = vars(options) | {"calibration": {f"{load}: {BUSY}": busy({way: found[load, way] for way in ("ours", PEER)})}}
    return claim_of("broadcast", f"record to each of {options.clients} clients, {load}, {name}", "ms", mine, (PEER, theirs), settings)


if __name__ == "__main__":
    show(asyncio.run(run(asked(clients=(1000, 30), seconds=(15.0, 1.0), rounds=(3, 1)))))
