"""How long a person's change takes to its cascade while an agent floods one project, beside the same worker without a flood.

`python -m benchmarks.flood [--json] [--quick] [--flood N] [--rate N] [--seconds N] [--warm-up N] [--rounds N]`. The person changes tasks of
another project of the same partition, and of the flooded one. The clock starts before `send` (acks=all) and ends when the change's own
message was read from `cascades`.
"""

import argparse
import asyncio
import itertools
import sys
import time
import uuid
from pathlib import Path
from typing import Final

import uvloop
from aiokafka import AIOKafkaProducer

from benchmarks.harness.asking import asked
from benchmarks.harness.load import Shape, change
from benchmarks.harness.report import claim_of, show
from benchmarks.harness.stage import fresh_topics, part, process, producing, stage
from benchmarks.harness.timeline import total
from benchmarks.latency import PARTITIONS, Clock, quantile, reading
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from schemas.events import encode_event
from schemas.topics import CASCADES, TASK_CHANGES

FLOODED: Final = "flooded"
CALM: Final = next(
    name for name in map("calm-{}".format, itertools.count()) if partition_for(name, PARTITIONS) == partition_for(FLOODED, PARTITIONS)
)
WAYS: Final = {"unloaded": ("", CALM), "another project of the partition": (FLOODED, CALM), "the flooded project": (FLOODED, FLOODED)}
"""Name -> (project that is flooded, project that the person changes)."""
_PATIENCE_S: Final = 60.0


async def one(settings: KafkaSettings, folder: Path, way: str, options: argparse.Namespace) -> tuple[float, float]:
    """Return the 95th percentile (ms) of one way, and how many events per second the flood reached."""
    folder.mkdir()
    flooded, changed = WAYS[way]
    clock = Clock()
    topic = settings.topic(TASK_CHANGES)
    async with part("worker", settings, folder), reading(settings, settings.topic(CASCADES), clock.seen), producing(settings) as producer:
        await drive(producer, topic, clock, (changed, options.rate, options.warm_up))
        arguments = ["-m", "benchmarks.harness.flooder", settings.bootstrap, topic, str(PARTITIONS), flooded, str(options.flood)]
        if not flooded:
            return await _measured(producer, topic, clock, changed, options), 0.0
        async with process(arguments, folder / "flood.log"):
            await asyncio.sleep(options.warm_up)
            before, since = await total(settings, topic, PARTITIONS), time.perf_counter()
            p95 = await _measured(producer, topic, clock, changed, options)
            return p95, (await total(settings, topic, PARTITIONS) - before) / (time.perf_counter() - since)


async def _measured(producer: AIOKafkaProducer, topic: str, clock: Clock, project: str, options: argparse.Namespace) -> float:
    ids = await drive(producer, topic, clock, (project, options.rate, options.seconds))
    deadline = time.monotonic() + _PATIENCE_S  # for those that a backlog held up
    while not clock.came.keys() >= set(ids) and time.monotonic() < deadline:  # noqa: ASYNC110  because the event is in Kafka
        await asyncio.sleep(0.1)
    return quantile(clock.latencies_ms(ids), 0.95)


async def drive(producer: AIOKafkaProducer, topic: str, clock: Clock, plan: tuple[str, float, float]) -> list[str]:
    """Send a person's changes of one project at a steady rate and return their ids. plan: project, per second, seconds."""
    project, rate, seconds = plan
    ids: list[str] = []
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        event = change(Shape(0), project, number)
        event.id, event.source, event.user_id = str(uuid.uuid4()), "user", "u-1"
        clock.sent[event.id] = time.perf_counter()
        await producer.send(topic, encode_event(event), key=project.encode(), partition=partition_for(project, PARTITIONS))
        ids.append(event.id)
    return ids


async def run(options: argparse.Namespace) -> None:
    """Run all ways, interleaved, and print."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    reached: list[float] = []
    async with stage() as (kafka, folder):
        for number, (at, way) in itertools.product(range(options.rounds), enumerate(WAYS)):
            p95, flood = await one(await fresh_topics(kafka, f"{number}-{at}-"), folder / f"{number}-{at}", way, options)
            found[way].append(p95)
            reached += [flood] if flood else []
    calm = found.pop("unloaded")
    settings = {**vars(options), "flood_reached": round(min(reached))}
    show(
        [
            claim_of(
                "flood", f"a person's change during a flood of {options.flood:,.0f}/s, {way}, p95", "ms", runs, ("unloaded", calm), settings
            )
            for way, runs in found.items()
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=50.0)
    sys.exit(uvloop.run(run(asked(parser, flood=(10_000.0, 1_000.0), seconds=(8.0, 1.0), warm_up=(2.0, 0.5), rounds=(3, 1)))))
