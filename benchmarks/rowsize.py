"""What a cached task row takes of Python's heap, and that a worker's memory does not grow with its state.

`python -m benchmarks.rowsize [--json] [--quick] [--cached N] [--rows N] [--rounds N]`. The heap is measured by tracemalloc around the
filling of the row cache: with rows that were folded from nine events each, and with rows that were read back from their stored bytes;
beside each the bytes that are stored. The memory of a worker process is looked at when it holds a third of the tasks and when it
holds all, many times what its caches keep.
"""

import argparse
import asyncio
import gc
import statistics
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import psutil

from benchmarks.harness.asking import asked
from benchmarks.harness.load import Shape, change, creations
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.stage import fresh_topics, part, stage
from benchmarks.pipeline import fill, until_done
from schemas.events import encode_event
from streams.cache import RowCache
from streams.domain.node import decode_node
from streams.domain.records import Partition, Record
from streams.domain.rules import Rules
from streams.domain.step import step
from streams.domain.windows import Windows

BRANCHES: Final = 200
CHANGES: Final = 8
STEP: Final = 1000
ROUNDS: Final = 3


class Stored:
    """Rows by key, as a store holds them."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return a row's value in new bytes, as a store does."""
        value = self.rows.get(key)
        return None if value is None else bytes(bytearray(value))

    def children(self, parent: bytes) -> Sequence[bytes]:  # noqa: ARG002  because nothing is deleted here
        """Return no hints."""
        return ()


def log_of(tasks: int) -> list[Record]:
    """Return a log of new tasks, each changed eight times afterwards."""
    shape = Shape(0, projects=1, tasks=max(1, tasks // 5))
    project = "project-000"
    changes = (change(shape, project, number) for number in range(CHANGES * shape.tasks * shape.branches))
    load = [*creations(shape), *changes]
    return [Record(offset, offset, project.encode(), encode_event(event)) for offset, event in enumerate(load)]


def fold(log: Sequence[Record], cache: RowCache, stored: Stored | None = None) -> None:
    """Fold a log into a cache; keep what would be stored."""
    stands, windows = Partition(0, 0), Windows()
    for number, at in enumerate(range(0, len(log), STEP)):
        done = step(cache, stands, log[at : at + STEP], windows, at, Rules())
        stands = Partition(0, done.through, done.time_ms)
        cache.pin(number, done.rows, done.hints)
        rows = {out.key: out.value for out in done.state[:-1] if out.value is not None}
        cache.release(number, rows, done.hints)
        if stored is not None:
            stored.rows.update(rows)


def heap_of(fill: Callable[[RowCache], None], stored: Stored, rows: int) -> float:
    """Return the bytes of heap per row that a cache for this many rows keeps of twice as many."""
    gc.collect()
    tracemalloc.start()
    cache = RowCache(stored, decode_node, rows)
    fill(cache)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / len(cache)


def heaps(rows: int) -> tuple[float, float, float]:
    """Return the bytes per cached task row: folded, read back, and stored."""
    log, stored = log_of(2 * rows), Stored()
    fold(log, RowCache(stored, decode_node, rows), stored)
    names = [key for key in stored.rows if key.startswith(b"task/")]

    def read_back(cache: RowCache) -> None:
        for name in names:
            cache.get(bytes(bytearray(name)))

    folded = heap_of(lambda cache: fold(log, cache), stored, rows)
    return folded, heap_of(read_back, stored, rows), statistics.mean(len(name) + len(stored.rows[name]) for name in names)


async def memory(tasks: int) -> tuple[float, float]:
    """Return the MiB of a worker with a third of the tasks and with all of them."""
    sizes: list[float] = []
    done, load = 0, creations(Shape(0, tasks=max(1, tasks // BRANCHES)))
    async with stage() as (kafka, folder):
        settings = await fresh_topics(kafka, "rows-")
        async with part("worker", settings, folder):
            (worker,) = (child for child in psutil.Process().children() if "worker" in child.cmdline())
            for count in (tasks // 3, tasks - tasks // 3):
                await fill(settings, islice(load, count))
                done += count
                await until_done(settings, done)
                sizes.append(worker.memory_info().rss / 2**20)
    return sizes[0], sizes[1]


def claims(options: argparse.Namespace) -> list[Claim]:
    """Measure and return the claims."""
    found = [heaps(options.cached) for _ in range(options.rounds)]
    folded, back, bytes_stored = (list(one) for one in zip(*found, strict=True))
    small, large = (list(one) for one in zip(*(asyncio.run(memory(options.rows)) for _ in range(options.rounds)), strict=True))
    what = f"memory of a worker with {options.rows:,} tasks"
    return [
        claim_of("rowsize", "Python heap of a cached task row, folded", "bytes", folded, ("stored bytes", bytes_stored), vars(options)),
        claim_of("rowsize", "Python heap of a cached task row, read back", "bytes", back, ("stored bytes", bytes_stored), vars(options)),
        claim_of("rowsize", what, "MiB", large, ("with a third of them", small), vars(options)),
    ]


if __name__ == "__main__":
    # cached: task rows in the cache whose heap is measured
    show(claims(asked(cached=(10_000, 500), rows=(600_000, 6_000), rounds=(ROUNDS, 1))))
