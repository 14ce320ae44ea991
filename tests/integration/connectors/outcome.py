"""What the events in a real log come to, recounted apart from the worker, and connectors that run as processes."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer

from audit.fold import Fold
from audit.intake import Record
from broker.connection import KafkaSettings, client_options
from schemas.events import Event, decode_event
from schemas.topics import TASK_CHANGES

ROOT: Final = Path(__file__).parents[3]
TIMEOUT_S: Final = 60
Rows = dict[tuple[str, str, str], tuple[str, dict[str, Any]]]
"""(kind, project, id) -> (parent, fields) of every live row"""


async def recount(settings: KafkaSettings) -> tuple[Rows, dict[str, int]]:
    """Return the live rows that the log comes to, and how often which decision was taken."""
    folds: dict[int, Fold] = {}
    async for partition, record in _records(settings):
        folds.setdefault(partition, Fold()).take(record)
    rows = {key: (node.parent, node.fields) for fold in folds.values() for key, node in fold.nodes.items() if node.live}
    outcomes: dict[str, int] = {}
    for fold in folds.values():
        for name, count in fold.outcomes.items():
            outcomes[name] = outcomes.get(name, 0) + count
    return rows, outcomes


async def log(settings: KafkaSettings) -> list[Event]:
    """Return all events, those of a project in their order."""
    return [decode_event(record.value or b"") async for _, record in _records(settings)]


async def traces(settings: KafkaSettings) -> dict[str, list[tuple[str, str]]]:
    """Return the headers of all events, by the id of the row that they are about."""
    return {
        decode_event(record.value or b"").entity_id: [(name, value.decode()) for name, value in record.headers]
        async for _, record in _records(settings)
    }


async def _records(settings: KafkaSettings) -> AsyncIterator[tuple[int, Record]]:
    consumer = AIOKafkaConsumer(settings.topic(TASK_CHANGES), **client_options(settings), auto_offset_reset="earliest")
    await consumer.start()
    try:
        left = sum((await consumer.end_offsets(consumer.assignment())).values())
        while left > 0:
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                left -= len(records)
                for one in records:
                    yield place.partition, Record(one.offset, one.timestamp, one.key, one.value, tuple(one.headers))
    finally:
        await consumer.stop()


async def until(holds: Callable[[Rows], bool], settings: KafkaSettings) -> Rows:
    """Wait until the log comes to rows of which `holds` is true; return them."""
    deadline = asyncio.get_running_loop().time() + TIMEOUT_S
    rows, _ = await recount(settings)
    while not holds(rows):
        assert asyncio.get_running_loop().time() < deadline, rows
        await asyncio.sleep(0.1)
        rows, _ = await recount(settings)
    return rows


class Running:
    """A command that runs, and the notes that it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.notes: list[dict[str, Any]] = []

    async def note(self, what: str, name: str = "what") -> dict[str, Any]:
        """Return the next note of a kind."""
        assert self.process.stdout is not None
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), TIMEOUT_S)
            assert line, (await self.process.stderr.read()).decode() if self.process.stderr else ""
            self.notes.append(json.loads(line))
            if self.notes[-1].get(name) == what:
                return self.notes[-1]

    async def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), TIMEOUT_S)


@asynccontextmanager
async def running(settings: KafkaSettings, *arguments: str, env: dict[str, str] | None = None) -> AsyncIterator[Running]:
    """Run an `anabranch` command on these topics, with --json."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        *arguments,
        "--kafka",
        settings.bootstrap,
        "--json",
        cwd=ROOT,
        env={**os.environ, "ANABRANCH_KAFKA__TOPIC_PREFIX": settings.topic_prefix, **(env or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
