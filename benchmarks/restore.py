"""A worker that lost its disk: how fast it restores its rows from `task-state`, beside a bare aiokafka consumer that only reads them.

`python -m benchmarks.restore [--json] [--quick] [--rows N] [--rounds N]`. The rows are tasks as a worker writes them, in whole steps. The
time of a restore is how much longer a worker with rows takes from its start until it is ready than one without any, and no less than
a tenth of the whole.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import uvloop
from aiokafka import AIOKafkaProducer

from benchmarks.harness.asking import asked
from benchmarks.harness.load import Shape, creations
from benchmarks.harness.report import claim_of, show
from benchmarks.harness.stage import fresh_topics, part, process, producing, stage
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from schemas.events import Event
from schemas.rows import Memory, OffsetRow, TaskSummary, encode_row
from schemas.topics import TASK_STATE, offset_key, row_key
from streams.domain.digest import id_hash
from streams.domain.node import Node, encode_node

PARTITIONS: Final = 4
BRANCHES: Final = 200
STEP_ROWS: Final = 1000


def rows_of(load: Iterator[Event]) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (partition, key, value) of the rows that follow from new tasks, with an offset row after each step."""
    counts = [0] * PARTITIONS
    for event in load:
        data = event.data
        task = TaskSummary(
            id=event.entity_id, project_id=event.project_id, branch_id=event.branch_id or "", last_activity=event.occurred_at
        )
        if data is not None:
            task.title, task.status, task.priority = str(data.title), str(data.status), str(data.priority)
        partition = partition_for(event.project_id, PARTITIONS)
        task.stamp = counts[partition]
        node = Node(task, Memory(ids=id_hash(event.id), origins={"bench": 0}))
        yield partition, row_key("task", event.project_id, event.entity_id), encode_node(node)
        counts[partition] += 1
        if counts[partition] % STEP_ROWS == 0:
            yield _end_of_step(partition, counts[partition])
    yield from map(_end_of_step, range(PARTITIONS), counts)


def _end_of_step(partition: int, through: int) -> tuple[int, bytes, bytes]:
    return partition, offset_key(partition), encode_row(OffsetRow(partition=partition, through=through))


async def write(producer: AIOKafkaProducer, topic: str, load: Iterator[tuple[int, bytes, bytes]]) -> int:
    """Write records in batches; returns how many."""
    batches = [producer.create_batch() for _ in range(PARTITIONS)]
    acks, count = [], 0
    for partition, key, value in load:
        count += 1
        if batches[partition].append(key=key, value=value, timestamp=None) is None:
            acks.append(await producer.send_batch(batches[partition], topic, partition=partition))
            batches[partition] = producer.create_batch()
            batches[partition].append(key=key, value=value, timestamp=None)
    acks += [await producer.send_batch(batch, topic, partition=number) for number, batch in enumerate(batches)]
    for ack in acks:
        await ack
    return count


async def ready_after(settings: KafkaSettings, folder: Path) -> float:
    """Return the seconds from the start of a worker without a disk until it serves."""
    folder.mkdir()
    start = time.perf_counter()
    async with part("worker", settings, folder):
        return time.perf_counter() - start


async def bare(settings: KafkaSettings, log: Path, records: int) -> float:
    """Return the records per second of a consumer that does nothing with them."""
    arguments = ["-m", "benchmarks.peers.reader", settings.bootstrap, settings.topic(TASK_STATE), str(PARTITIONS)]
    async with process(arguments, log) as child:
        if await child.wait():
            raise RuntimeError(log.read_text()[-2000:])
    return records / float(log.read_text())


async def run(options: argparse.Namespace) -> None:
    """Run all, interleaved, and print."""
    full_s: list[float] = []
    empty_s: list[float] = []
    rates: list[float] = []
    bare_rates: list[float] = []
    async with stage() as (kafka, folder):
        full, empty = await fresh_topics(kafka, "full-"), await fresh_topics(kafka, "empty-")
        async with producing(full) as producer:
            tasks = creations(Shape(0, tasks=options.rows // BRANCHES))
            records = await write(producer, full.topic(TASK_STATE), rows_of(tasks))
        for number in range(options.rounds):
            empty_s.append(await ready_after(empty, folder / f"empty-{number}"))
            full_s.append(await ready_after(full, folder / f"full-{number}"))
            rates.append(records / max(full_s[-1] - empty_s[-1], full_s[-1] / 10))
            bare_rates.append(await bare(full, folder / f"bare-{number}", records))
    settings = vars(options)
    show(
        [
            claim_of("restore", "restore after losing the disk", "records/s", rates, ("bare aiokafka consumer", bare_rates), settings),
            claim_of(
                "restore",
                f"{options.rows:,} tasks serving after losing the disk",
                "s",
                full_s,
                ("a worker without rows", empty_s),
                settings,
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(uvloop.run(run(asked(rows=(1_000_000, 20_000), rounds=(3, 1)))))
