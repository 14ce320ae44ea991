"""Judges a round by the log alone: the invariants I1 to I7, I9 and I10 of docs/explanation/faults.md."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.auth import mint
from audit.app import run as audit
from audit.edge import Edge
from audit.intake import Record
from broker.connection import KafkaSettings
from schemas.failure import Failure
from schemas.topics import CASCADES, TASK_CHANGES
from tests.chaos.load import Load
from tests.chaos.past import END, SUMMARIES, Past, moments_of, untrue
from tests.chaos.processes import SECRET, Process
from tests.chaos.recorder import Key, Recorder, rows_of
from tests.integration.streams.topic_log import read_all

PATIENCE_S: Final = 90.0
TOLD: Final = frozenset({"project", "branch", "task", "subtask", "context"})
MEMORY_BYTES: Final = 800 * 2**20


@dataclass
class Findings:
    """Violations by invariant, and what was looked at."""

    violations: list[str] = field(default_factory=list)
    records: Sequence[Any] = ()
    frames: int = 0

    def add(self, invariant: str, what: Sequence[str]) -> None:
        """Note violations of one invariant."""
        self.violations += [f"{invariant}: {one}" for one in what]


async def check(kafka: KafkaSettings, url: str, load: Load, recorders: Sequence[Recorder], processes: Sequence[Process]) -> Findings:
    """Wait until worker, edge and clients have reached the end of the log, and judge what they hold. The world must be whole again."""
    found = Findings()
    await _counts(kafka, url, found)
    found.records = await read_all(kafka, TASK_CHANGES)
    ids = {event_id for record in found.records if (event_id := _id(record.value))}
    found.add("I5", [f"{len(lost)} confirmed events are not in the log" for lost in [(load.accepted | load.in_log) - ids - {""}] if lost])
    end = _past(found.records, set())
    found.add("I1", await _untold(kafka, end))
    for recorder in recorders:
        found.add("I2", await _settled(recorder, end))
    found.add("I9", [f"{one.name} took {one.peak_bytes >> 20} MiB" for one in processes if one.peak_bytes > MEMORY_BYTES])
    return found


def judge_logs(found: Findings, processes: Sequence[Process]) -> None:
    """I1: no edge ever held rows that did not add up, and no worker found rows of its own that do not."""
    for one in processes:
        lines = [line for line in one.log.read_text().splitlines() if any(name in line for name in ("replica_drifted", "drift_remains"))]
        found.add("I1", [f"{one.name}: {line}" for line in lines[:5]])


def judge_frames(found: Findings, recorders: Sequence[Recorder]) -> None:
    """I2, I3: no client ever showed what was not true. Takes its time without a pause: nothing must run beside it."""
    past = _past(found.records, moments_of(recorders))
    for recorder in recorders:
        found.frames += len(recorder.seen)
        found.add("I3", recorder.breaks)
        found.add("I2", untrue(recorder, past))


def _past(records: Sequence[Any], moments: set[tuple[str, int]]) -> Past:
    past = Past(moments | {((record.key or b"").decode(errors="replace"), END) for record in records})
    for record in records:
        past.take(Record(record.offset, record.timestamp, record.key, record.value))
    past.end()
    return past


async def _counts(kafka: KafkaSettings, url: str, found: Findings) -> None:
    """I1, I4, I10: rows in Kafka and at the edge equal a recount, within the time."""
    edge = Edge(url, mint(SECRET, "audit", ["*"], 3600, "admin"))
    try:
        result = await audit(kafka, edge, PATIENCE_S, 5)
    except Failure as failure:
        found.add("I10", [str(failure)])
        return
    found.add("I1", [f"{one.where} {one.key} {one.field}: expected {one.expected}, found {one.found}" for one in result.differences])


async def _untold(kafka: KafkaSettings, end: Past) -> list[str]:
    """Return live rows whose newest content no message has told, also after the window that was open when the load ended."""
    live = {key: row["stamp"] for rows in end.at.values() for key, row in rows.items() if not row.get("deleted") and key[0] in TOLD}
    left = 20
    while (untold := _older(await _told(kafka), live)) and left:
        left -= 1
        await asyncio.sleep(0.25)
    return [f"no message tells of {key} as of {live[key]}" for key in untold[:5]]


def _older(told: dict[Key, int], live: dict[Key, int]) -> list[Key]:
    return [key for key, stamp in live.items() if told.get(key, -1) < stamp]


async def _told(kafka: KafkaSettings) -> dict[Key, int]:
    newest: dict[Key, int] = {}
    for record in await read_all(kafka, CASCADES):
        message = json.loads(record.value)
        for key, row in rows_of(message) if message["type"] in {"update", "bulk"} else ():
            newest[key] = max(newest.get(key, -1), row["stamp"])
    return newest


async def _settled(recorder: Recorder, end: Past) -> list[str]:
    """Wait until a client shows the end of the log."""
    rows = {key: row for (_, offset), rows in end.at.items() if offset == END for key, row in rows.items()}
    wanted = {key: row for key, row in rows.items() if key[0] in SUMMARIES and not row.get("deleted")}
    for _ in range(100):
        if recorder.live() == wanted:
            return []
        await asyncio.sleep(0.1)
    live = recorder.live()
    return [f"a client ended with another {key}" for key in sorted(live.keys() | wanted.keys()) if live.get(key) != wanted.get(key)][:5]


def _id(value: bytes | None) -> str:
    try:
        event = json.loads(value or b"")
    except (ValueError, RecursionError):
        return ""
    return str(event.get("id", "")) if isinstance(event, dict) else ""
