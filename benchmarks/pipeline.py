"""Events per second of one worker, full pipeline, beside the same pipeline on other stream processors in the same invocation.

`python -m benchmarks.pipeline [--json] [--quick] [--events N] [--rounds N] [--tasks N]`. All read the same topic of one embedded Kafka, one
at a time. Our rate is taken from the times of the `offset` rows (a step's rows are all before them), and each of our runs ends with a
check that every event was counted; a peer's is the growth of its output topic, one message per event. Stock Faust is stopped after
20 s: its rate is steady long before. Then the same worker with many tasks of state (more than its caches hold), and two workers.
"""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from aiokafka import ConsumerRecord

from benchmarks.harness.asking import asked
from benchmarks.harness.load import Shape, creations, events, produce
from benchmarks.harness.peers import python_of_peers, streams_command
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.stage import fresh_topics, part, plain_topics, process, producing, stage
from benchmarks.harness.timeline import growth, last_records, records, steady_rate
from broker.connection import KafkaSettings
from schemas.topics import CASCADES, TASK_CHANGES, TASK_STATE

PARTITIONS: Final = 4
CLAIM: Final = "one worker, full pipeline, 90 % by agents"
Records = list[ConsumerRecord[bytes, bytes]]


class Peer(NamedTuple):
    """Another stream processor. command: program and arguments, None where it is missing. cache: see KafkaStreams.java.

    tables: those of its tables whose topics must be there before it starts (stock Faust loses events until it sees topics of its own).
    """

    name: str
    command: tuple[str, ...] | None
    cache: str = ""
    tables: tuple[str, ...] = ()


def peers(*, which: str) -> list[Peer]:
    """Return the peers, those too that cannot run here; with `which` = faust only the one that needs nothing besides."""
    faust = (sys.executable, "-m", "faust", "-A", "benchmarks.peers.stock_faust", "worker", "-l", "info", "--without-web")
    python, java = (python_of_peers(), streams_command()) if which == "all" else (None, None)
    quix = None if python is None else (python, str(Path(__file__).parent / "peers" / "quix.py"))
    return [
        Peer("stock Faust", faust, tables=("tasks", "branches", "projects")),
        Peer("Quix Streams", quix),
        Peer("Kafka Streams without record cache", java, "0"),
        Peer("Kafka Streams with record cache", java, "1"),
    ]


async def ours(settings: KafkaSettings, folder: Path, shape: Shape, workers: int = 1) -> float:
    """Return the rate of our workers on the events that are already in the topic."""
    async with contextlib.AsyncExitStack() as stack:
        for number in range(workers):
            own = folder / str(number)
            own.mkdir(parents=True)
            await stack.enter_async_context(part("worker", settings, own))
        await until_done(settings, shape.events)
    found = await records(settings, settings.topic(TASK_STATE), PARTITIONS)
    _check(found, shape)
    return steady_rate(steps(found), shape.events)


async def until_done(settings: KafkaSettings, total: int) -> None:
    """Wait until the rows include that many events."""
    while True:
        await asyncio.sleep(1.0)
        if sum((await _last_offsets(settings)).values()) >= total:
            return


async def _last_offsets(settings: KafkaSettings) -> dict[int, int]:
    """Return `through` per partition, from the newest record of each (a step ends with it)."""
    newest = await last_records(settings, settings.topic(TASK_STATE), PARTITIONS)
    return {r.partition: json.loads(r.value)["through"] for r in newest if r.key is not None and r.value and r.key.startswith(b"offset/")}


def steps(found: Records) -> Iterator[tuple[int, int]]:
    """Yield (time in milliseconds, events) of every step."""
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


async def theirs(settings: KafkaSettings, folder: Path, peer: Peer, total: int, seconds: float) -> float:
    """Return a peer's rate on the same input; its output goes to topics of its own."""
    if peer.command is None:
        raise ValueError(f"{peer.name} is missing")
    folder.mkdir(parents=True)
    output = await fresh_topics(settings, f"{folder.name}-")
    environment = {
        "PEER_ID": folder.name,
        "PEER_BOOTSTRAP": settings.bootstrap,
        "PEER_PARTITIONS": str(PARTITIONS),
        "PEER_DATA": str(folder / "data"),
        "PEER_SOURCE": settings.topic(TASK_CHANGES),
        "PEER_OUTPUT": output.topic(CASCADES),
        "PEER_CACHE": peer.cache,
    }
    await plain_topics(settings, [f"{folder.name}-{table}-changelog" for table in peer.tables], PARTITIONS)
    program, *arguments = peer.command
    async with process(arguments, folder / "log", environment, program):
        try:
            seen = await growth(output, output.topic(CASCADES), PARTITIONS, total, seconds)
        except TimeoutError as error:
            raise RuntimeError(f"{peer.name} gave nothing: {(folder / 'log').read_text()[-2000:]}") from error
    return steady_rate(seen, sum(count for _, count in seen))


async def large(kafka: KafkaSettings, folder: Path, shape: Shape, rounds: int) -> list[float]:
    """Return the worker's rates with all tasks of a shape as state; it is started anew before each."""
    settings = await fresh_topics(kafka, "large-")
    folder.mkdir()
    total = shape.projects * shape.branches * shape.tasks
    await fill(settings, creations(shape))
    async with part("worker", settings, folder):
        await until_done(settings, total)
    rates = []
    for number in range(rounds):
        await fill(settings, events(Shape(shape.events, tasks=shape.tasks, seed=number, first_version=number * shape.events)))
        async with part("worker", settings, folder):
            await until_done(settings, total + shape.events)
        done = [(time_ms, count) for time_ms, count in steps(await records(settings, settings.topic(TASK_STATE), PARTITIONS)) if count > 0]
        rates.append(steady_rate(_last(done, shape.events), shape.events))
        total += shape.events
    return rates


def _last(done: list[tuple[int, int]], total: int) -> list[tuple[int, int]]:
    """Return the newest entries that make up `total` events."""
    newest, count = sorted(done, reverse=True), 0
    for at, (_, more) in enumerate(newest, 1):
        count += more
        if count >= total:
            return newest[:at]
    return newest


async def filled(kafka: KafkaSettings, prefix: str, shape: Shape) -> KafkaSettings:
    """Return fresh topics with the events of a shape."""
    settings = await fresh_topics(kafka, prefix)
    await fill(settings, events(shape))
    return settings


async def fill(settings: KafkaSettings, load: Iterator[object]) -> None:
    """Write events into the input topic."""
    async with producing(settings) as producer:
        await produce(producer, settings.topic(TASK_CHANGES), PARTITIONS, load)  # type: ignore[arg-type]  # events, whatever yields them


async def run(options: argparse.Namespace) -> None:
    """Run all, interleaved, and print."""
    shape, rounds = Shape(options.events), options.rounds
    mine: list[float] = []
    two: list[float] = []
    others: dict[Peer, list[float]] = {peer: [] for peer in peers(which=options.peers)}
    async with stage() as (kafka, folder):
        for number in range(rounds):
            settings = await filled(kafka, f"r{number}-", shape)
            mine.append(await ours(settings, folder / f"ours-{number}", shape))
            two.append(await ours(await filled(kafka, f"r{number}-two-", shape), folder / f"two-{number}", shape, workers=2))
            for at, (peer, rates) in enumerate(others.items()):
                if peer.command is not None:
                    rates.append(await theirs(settings, folder / f"peer-{number}-{at}", peer, shape.events, options.peer_seconds))
        many = await large(kafka, folder / "large", Shape(shape.events // 2, tasks=options.tasks // 200), rounds)
    show([*_beside(mine, others, options), *_beside_itself(mine, two, many, options)])


def _beside(mine: list[float], others: dict[Peer, list[float]], options: argparse.Namespace) -> list[Claim]:
    return [claim_of("pipeline", CLAIM, "events/s", mine, (peer.name, rates), vars(options)) for peer, rates in others.items()]


def _beside_itself(mine: list[float], two: list[float], many: list[float], options: argparse.Namespace) -> list[Claim]:
    what = f"the same with {options.tasks:,} tasks of state"
    return [
        claim_of("pipeline", what, "events/s", many, ("with 10,000 tasks", mine), vars(options)),
        claim_of("pipeline", "two workers on these cores", "events/s", two, ("one worker", mine), vars(options)),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", choices=["all", "faust"], default="all")
    # a Java peer is still compiling during the first of fewer events
    asyncio.run(run(asked(parser, events=(450_000, 4_000), rounds=(3, 1), tasks=(1_000_000, 2_000), peer_seconds=(20.0, 4.0))))
