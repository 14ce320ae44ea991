"""Bursts to replay: the liveliest stretch of a real task history, or one of an agent that works through a plan, from a fixed seed."""

import random
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from msgspec import convert

from connectors.app import Order, prepare
from connectors.facts import Moment, events
from schemas.events import Event, Fields

_PROJECT: Final = "burst"
_MS: Final = 1000
_VERBS: Final = ("Add", "Check", "Describe", "Fix", "Measure", "Move", "Remove", "Rename", "Split", "Test")
_THINGS: Final = ("the parser", "the cache", "the login page", "retries", "the schema", "logging", "the release notes", "the index")
_SUBTASKS: Final = 5


class Burst(NamedTuple):
    """before: what was there already. steps: (seconds from the start, events). name: whose history it is."""

    name: str
    project_id: str
    before: list[Event]
    steps: list[tuple[float, list[Event]]]

    @property
    def size(self) -> int:
        """Return how many events are replayed."""
        return sum(len(changes) for _, changes in self.steps)

    @property
    def branch_id(self) -> str:
        """Return the branch with the most changes: the one that somebody who watches has open."""
        named = Counter(event.branch_id for _, changes in self.steps for event in changes if event.branch_id is not None)
        return named.most_common(1)[0][0]


def recorded(source: str, folder: Path, seconds: float, speed: float) -> Burst:
    """Return the `seconds * speed` seconds with the most versions of a repository's task file. source: whatever git can clone."""
    place = folder / "history"
    subprocess.run(["git", "clone", "-q", "-b", "main", source, str(place)], check=True)  # noqa: S607  because git is found by name everywhere
    connector: Literal["beads", "taskmaster"] = "beads" if (place / ".beads").exists() else "taskmaster"
    plan = prepare(Order(connector, place, history=True, project=_PROJECT))
    versions: list[tuple[int, list[Event]]] = []
    for step in plan.steps:
        moment = Moment(step.version.name, step.version.number, step.version.time_ms)
        versions.append((step.version.time_ms, list(events(plan.origin, moment, step.changes))))
    first, last = _liveliest([time_ms for time_ms, _ in versions], seconds * speed * _MS)
    before = [event for _, changes in versions[:first] for event in changes]
    start = versions[first][0]
    steps = [(max(0.0, (time_ms - start) / _MS / speed), changes) for time_ms, changes in versions[first:last] if changes]
    return Burst(f"{connector} history at {speed:g}x", plan.origin.project_id, before, steps)


def _liveliest(times_ms: list[int], length_ms: float) -> tuple[int, int]:
    """Return the stretch of this length with the most versions, as a range of places."""
    best = (0, 0)
    end = 0
    for start, time_ms in enumerate(times_ms):
        while end < len(times_ms) and times_ms[end] < time_ms + length_ms:
            end += 1
        best = max(best, (start, end), key=lambda stretch: stretch[1] - stretch[0])
    return best


def made(seconds: float, rate: float) -> Burst:
    """Return what an agent does with a plan: tasks with subtasks are made, worked on and ticked off, `rate` calls a second."""
    dice = random.Random(7)
    work = _work(dice, int(seconds * rate))
    before = [_event(number, "task", "create", f"t{number}", dice, status="todo") for number in range(200)]
    return Burst("an agent's plan", _PROJECT, before, [(number / rate, [event]) for number, event in enumerate(work)])


def _work(dice: random.Random, count: int) -> Iterator[Event]:
    """Yield the calls: make a task and its subtasks at once, then a progress of 25 % at a time for each, then done."""
    number = 1000
    while True:
        task = f"t{number}"
        plan: list[tuple[str, Literal["create", "patch"], str, dict[str, object]]] = [("task", "create", task, {"status": "todo"})]
        parts = [f"{task}-{part}" for part in range(_SUBTASKS)]
        plan += [("subtask", "create", part, {"status": "todo"}) for part in parts]
        plan.append(("task", "patch", task, {"status": "in_progress"}))
        for part in parts:
            plan += [("subtask", "patch", part, {"progress_percentage": share, "status": "in_progress"}) for share in (25, 50, 75)]
            plan.append(("subtask", "patch", part, {"progress_percentage": 100, "status": "done"}))
        plan.append(("task", "patch", task, {"status": "done"}))
        for entity, action, name, data in plan:
            if not count:
                return
            count -= 1
            number += 1
            yield _event(number, entity, action, name, dice, task_id=task if entity == "subtask" else None, **data)


def _event(number: int, entity: str, action: str, name: str, dice: random.Random, **data: object) -> Event:
    title = f"{dice.choice(_VERBS)} {dice.choice(_THINGS)}" if action == "create" else None
    fields = data if title is None else data | {"title": title}
    return Event(
        id=str(uuid.UUID(int=number)),
        entity=entity,
        action=action,
        project_id=_PROJECT,
        branch_id=f"branch-{int(name.split('-', maxsplit=1)[0][1:]) % 3}",
        entity_id=name,
        occurred_at="2026-01-01T00:00:00.000Z",
        source="mcp-ai",
        session_id="agent",
        data=convert({key: value for key, value in fields.items() if value is not None}, Fields),
    )
