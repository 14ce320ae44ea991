"""An import from its file to the acknowledgement of its last event. Composition root of the connectors."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec
from msgspec import Struct

from broker.connection import KafkaSettings
from connectors import beads, taskmaster
from connectors.board import Board, Change, Reading, diff, whole
from connectors.facts import Moment, Origin, events, project_change, slug
from connectors.history import History, Version, current, locate
from connectors.publish import Publisher
from schemas.failure import UsageFailure
from schemas.messages import Position
from schemas.words import Source

Connector = Literal["taskmaster", "beads"]
_MS: Final = 1000


class Order(Struct, frozen=True):
    """What to import. speed: how many times faster than the commits were made; None = as fast as possible."""

    connector: Connector
    path: Path
    history: bool = False
    project: str | None = None
    source: Source = "mcp-ai"
    speed: float | None = None


class Skipped(Struct, frozen=True):
    """One line that could not be taken; `line` 0 = the place inside the file is unknown."""

    commit: str
    line: int
    reason: str
    text: str


class Report(Struct):
    """What an import did. `events` counts by action, a move being an update to another branch. `seconds` is wall time."""

    connector: str
    project_id: str
    project: str
    file: str
    versions: int = 0
    events: dict[str, int] = msgspec.field(default_factory=dict)
    total_events: int = 0
    repeated_ids: int = 0
    skipped: list[Skipped] = msgspec.field(default_factory=list)
    positions: list[Position] = msgspec.field(default_factory=list)
    seconds: float = 0.0


Progress = Callable[[int, int, int], None]
"""Called with (versions done, versions in all, events sent)."""


class Reader(Protocol):
    """What every connector has: it reads one version after the other."""

    def read(self, content: bytes) -> Reading:
        """Return the board of one version and what could not be taken."""


class Plan(Struct, frozen=True):
    """An import that can start: its file was found and has something to import in it."""

    name: str
    origin: Origin
    versions: int
    steps: Iterator["Step"]
    report: Report
    speed: float | None


class Step(Struct, frozen=True):
    """One version and what changed in it."""

    version: Version
    place: int
    changes: list[Change]


def prepare(order: Order) -> Plan:
    """Find the file and read its first version. Raises `UsageFailure` for whatever cannot be imported; needs no Kafka."""
    module = taskmaster if order.connector == "taskmaster" else beads
    found = locate(order.path, module.FILES)
    name = order.project or found.root.name or order.connector
    origin = Origin(module.NAME, slug(name), found.path, order.source)
    report = Report(module.NAME, origin.project_id, name, str(found.file))
    versions: History | list[Version] = History(found) if order.history else [current(found)]
    steps = _steps(module.Reader(origin.project_id), versions, report, diff if order.history else _as_it_is)
    first = next(steps, None)
    if first is None:
        what = report.skipped[0]
        raise UsageFailure(f"{found.file} is no {module.NAME} file: line {what.line}: {what.reason}.")
    announced = Step(first.version, first.place, [project_change(origin.project_id, name), *first.changes])
    return Plan(name, origin, len(versions), chain([announced], steps), report, order.speed)


async def send(plan: Plan, settings: KafkaSettings, progress: Progress) -> Report:
    """Send a plan's events and return the report. Raises `Failure` when Kafka is missing or does not take them."""
    started = time.monotonic()
    pace = _Pace(plan.speed)
    async with Publisher(settings) as publisher:
        for step in plan.steps:
            version = step.version
            if (wait_s := pace.wait_s(version.time_ms)) > 0:
                await publisher.flush()
                await asyncio.sleep(wait_s)
            moment = Moment(version.name, version.number, version.time_ms, version.author)
            await publisher.send(events(plan.origin, moment, step.changes))
            _count(plan.report, step)
            progress(step.place, plan.versions, plan.report.total_events)
    plan.report.positions = publisher.positions
    plan.report.seconds = round(time.monotonic() - started, 3)
    return plan.report


def _steps(reader: Reader, versions: Iterable[Version], report: Report, differ: Callable[[Board, Board], list[Change]]) -> Iterator[Step]:
    board = Board()
    begun = False
    for place, version in enumerate(versions, start=1):
        reading = reader.read(version.content)
        report.skipped += [Skipped(version.name, bad.line, bad.reason, bad.text) for bad in reading.problems]
        report.repeated_ids += reading.repeated
        begun = begun or not reading.problems or bool(reading.board.tasks or reading.board.gone)
        if begun:
            yield Step(version, place, differ(board, reading.board))
            board = reading.board


def _as_it_is(_: Board, board: Board) -> list[Change]:
    return whole(board)


def _count(report: Report, step: Step) -> None:
    counts = Counter(report.events)
    counts.update(change.kind for change in step.changes)
    report.events = dict(counts)
    report.total_events = counts.total()
    report.versions += 1


class _Pace:
    """Turns commit times into waits. A commit that is older than the one before it does not wait."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._last_ms: int | None = None
        self._due = time.monotonic()

    def wait_s(self, time_ms: int) -> float:
        """Return how long to wait until the version is due, in seconds."""
        if self._speed is None:
            return 0.0
        gap_ms = 0 if self._last_ms is None else max(0, time_ms - self._last_ms)
        self._last_ms = time_ms
        self._due += gap_ms / _MS / self._speed
        return self._due - time.monotonic()
