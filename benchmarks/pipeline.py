"""Events per second of one worker, full pipeline, beside stock Faust with the same pipeline in the same invocation.

`python -m benchmarks.pipeline [--json] [--events N] [--rounds N]`. Both read the same topic of one embedded Kafka. A rate is taken from the
times in the system's own output records: ours from the `offset` rows (a step's rows are all before them), stock Faust's from its
one message per event. Stock Faust is stopped after 20 s: its rate is steady long before. Each of our runs ends with a check
that every event was counted.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from aiokafka import ConsumerRecord

from benchmarks.harness.load import Shape, events, produce
from benchmarks.harness.report import claim_of, show
from benchmarks.harness.stage import fresh_topics, part, process, producing, stage
from benchmarks.harness.timeline import last_records, records, steady_rate
from broker.connection import KafkaSettings
from schemas.topics import CASCADES, TASK_CHANGES, TASK_STATE

PARTITIONS = 4
PEER_SECONDS = 20.0
Records = list[ConsumerRecord[bytes, bytes]]


async def ours(settings: KafkaSettings, folder: Path, shape: Shape) -> float:
    """Return the worker's rate on the events that are already in the topic."""
    folder.mkdir()
    async with part("worker", settings, folder):
        await _until_done(settings, shape.events)
    found = await records(settings, settings.topic(TASK_STATE), PARTITIONS)
    _check(found, shape)
    return steady_rate(_steps(found), shape.events)


async def _until_done(settings: KafkaSettings, total: int) -> None:
    while True:
        await asyncio.sleep(1.0)
        found = await _last_offsets(settings)
        if sum(found.values()) >= total:
            return


async def _last_offsets(settings: KafkaSettings) -> dict[int, int]:
    """Return `through` per partition, from the newest record of each (a step ends with it)."""
    newest = await last_records(settings, settings.topic(TASK_STATE), PARTITIONS)
    return {r.partition: json.loads(r.value)["through"] for r in newest if r.key is not None and r.value and r.key.startswith(b"offset/")}


def _steps(found: Records) -> Iterator[tuple[int, int]]:
    before: dict[int, int] = {}
    for record in found:
        if record.key is not None and record.key.startswith(b"offset/") and record.value:
            through = json.loads(record.value)["through"]
            yield record.timestamp, through - before.get(record.partition, 0)
            before[record.partition] = through


def _check(found: Records, shape: Shape) -> None:
    """Raise if the rows do not count every task once."""
    projects = {r.key: json.loads(r.value) for r in found if r.key is not None and r.value and r.key.startswith(b"project/")}
    total = sum(row["total_tasks"] for row in projects.values())
    expected = len({event.entity_id for event in events(shape)})
    if total != expected:
        raise AssertionError(f"{total} tasks counted, {expected} in the input")


async def stock(settings: KafkaSettings, folder: Path, run: str) -> float:
    """Return stock Faust's rate on the same input; its output goes to topics of its own."""
    folder.mkdir()
    output = await fresh_topics(settings, f"peer-{run}-")
    environment = {
        "PEER_ID": f"stock-{run}",
        "PEER_BOOTSTRAP": settings.bootstrap,
        "PEER_PARTITIONS": str(PARTITIONS),
        "PEER_DATA": str(folder / "data"),
        "PEER_SOURCE": settings.topic(TASK_CHANGES),
        "PEER_OUTPUT": output.topic(CASCADES),
    }
    arguments = ["-m", "faust", "-A", "benchmarks.peers.stock_faust", "worker", "-l", "info", "--without-web"]
    async with process(arguments, folder / "log", environment):
        await asyncio.sleep(PEER_SECONDS)
    found = await records(output, output.topic(CASCADES), PARTITIONS)
    return steady_rate(((record.timestamp, 1) for record in found), len(found))


async def run(shape: Shape, rounds: int) -> None:
    """Run both, interleaved, and print."""
    mine: list[float] = []
    peers: list[float] = []
    async with stage() as (kafka, folder):
        for number in range(rounds):
            settings = await fresh_topics(kafka, f"r{number}-")
            async with producing(settings) as producer:
                await produce(producer, settings.topic(TASK_CHANGES), PARTITIONS, events(shape))
            mine.append(await ours(settings, folder / f"ours-{number}", shape))
            peers.append(await stock(settings, folder / f"peer-{number}", str(number)))
    show(
        [
            claim_of(
                "pipeline", "one worker, full pipeline, 90 % by agents", "events/s", mine, ("stock Faust", peers), {"events": shape.events}
            )
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(run(Shape(options.events), options.rounds))
