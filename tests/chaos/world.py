"""Everything of one round: topics of its own on a cluster, workers, an edge, clients, load."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from broker.admin import apply_topics, delete_topics
from tests.chaos.checker import Findings, check, judge_frames, judge_logs
from tests.chaos.cluster import Cluster
from tests.chaos.events import Events
from tests.chaos.load import PARTITIONS, Load
from tests.chaos.processes import EdgeRun, WorkerRun
from tests.chaos.recorder import Recorder

_PATIENCE_S: Final = 120.0
_CLIENTS: Final = 2


Again = Callable[["World"], Awaitable[list[str]]]
"""Plays the log once more in some way; returns what differs."""


@dataclass(frozen=True)
class Shape:
    """workers: how many. doors: the first worker and the edge reach Kafka through doors that a fault can shut."""

    workers: int = 1
    doors: bool = False


class World:
    """One round's world."""

    def __init__(self, cluster: Cluster, folder: Path, prefix: str, events: Events, shape: Shape) -> None:
        self.cluster = cluster
        self.folder = folder
        self.kafka = cluster.settings(prefix)
        worker_door, edge_door = ("worker", "edge") if shape.doors else ("", "")
        self.workers = [self._worker(number, worker_door if number == 0 else "") for number in range(shape.workers)]
        self.edge = EdgeRun("edge", cluster.settings(prefix, edge_door), folder)
        self.load = Load(self.kafka, events, self.edge.url)
        self.recorders = [
            Recorder(lambda: self.edge.url, f"user-{number}", folder / f"frames-{number}.jsonl") for number in range(_CLIENTS)
        ]
        self.notes: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    def _worker(self, number: int, door: str) -> WorkerRun:
        return WorkerRun(f"worker-{number}", self.cluster.settings(self.kafka.topic_prefix, door), self.folder)

    def add_worker(self) -> WorkerRun:
        """Let another worker join."""
        worker = self._worker(len(self.workers), "")
        self.workers.append(worker)
        worker.keep()
        return worker

    async def start(self, per_second: int) -> None:
        """Start all parts and wait until they are ready; then let clients and load begin."""
        await apply_topics(self.kafka, "prod" if len(self.cluster.brokers) > 1 else "dev", PARTITIONS)
        for process in (*self.workers, self.edge):
            process.keep()
        await self.until(self._ready, "all parts are ready")
        works = [*(recorder.run() for recorder in self.recorders), self.load.run(per_second), self._watch_memory()]
        self._tasks = [asyncio.create_task(work) for work in works]

    async def _ready(self) -> bool:
        answers = [await process.ask("/readyz") for process in (*self.workers, self.edge)]
        return all(answer is not None for answer in answers)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition, a coroutine function. Raises `AssertionError` with its name."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not await condition():  # type: ignore[misc]  # noqa: ASYNC110  because it happens in another process
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not within {_PATIENCE_S:g} s: {what}") from None

    async def heal(self) -> None:
        """Undo all faults."""
        await self.cluster.heal()
        for worker in self.workers:
            if worker.disk is not None:
                worker.disk.free()
        for process in (*self.workers, self.edge):
            process.tell(signal.SIGCONT)
            process.keep()
        await self.until(self._ready, "all parts are ready again")

    async def judge(self, again: Again | None = None) -> Findings:
        """End the load, wait until all is quiet, and check; then end the parts, which must end well."""
        self.load.stop()
        async with asyncio.timeout(_PATIENCE_S):
            await self._tasks[len(self.recorders)]
        exits = self._failures()
        found = await check(self.kafka, self.edge.url, self.load, self.recorders, (*self.workers, self.edge))
        found.add("I10", [f"{name} failed after all faults had ended" for name, count in self._failures().items() if count > exits[name]])
        found.violations += self.notes + (await again(self) if again is not None else [])
        found.add("end", await self.stop())
        judge_logs(found, [self.edge])
        judge_frames(found, self.recorders)
        return found

    def _failures(self) -> dict[str, int]:
        """Return how often each process ended by itself. One that stood still ends itself, and on a busy machine it may stand still."""
        return {process.name: len(process.exits) - process.log.read_text().count("stood still") for process in (*self.workers, self.edge)}

    async def stop(self) -> list[str]:
        """End everything; returns who did not end as asked."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        wrong = []
        for process in (*self.workers, self.edge):
            try:
                code = await process.stop()
            except AssertionError as error:
                wrong.append(str(error))
            else:
                wrong += [f"{process.name} ended with {code}"] if code else []
        for worker in self.workers:
            if worker.disk is not None:
                await worker.disk.end()
        with contextlib.suppress(Exception):  # the next round has topics of its own
            await delete_topics(self.kafka)
        return wrong

    async def _watch_memory(self) -> None:
        while True:
            for process in (*self.workers, self.edge):
                process.note_memory()
            await asyncio.sleep(0.5)

    async def status(self, path: str) -> int:
        """Return how the edge answers a call."""
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            return (await client.get(self.edge.url + path)).status_code
