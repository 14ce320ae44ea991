"""Seeded events as many producers write them, mistakes included (rows 10, 11, 12, 19, 22, 24, 25 of the fault matrix)."""

import json
import random
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

STATUSES: Final = ("todo", "in_progress", "blocked", "done", "done", "cancelled", *(f"own-{number}" for number in range(14)))
DAY_MS: Final = 24 * 3600 * 1000
POISON: Final = (
    b"{",
    b"\xff\xfe",
    b"null",
    b'{"id":"x"}',
    b"[" * 50_000,
    b'{"v":NaN}',
    b'{"a":' * 40 + b"1" + b"}" * 40,
    b'"' + b"x" * 270_000 + b'"',
    None,
)


@dataclass(frozen=True)
class Sent:
    """One record to send. id: of its event, "" for poison. skew_ms: how wrong its producer's clock is."""

    key: bytes
    value: bytes | None
    id: str = ""
    skew_ms: int = 0


class Events:
    """An endless seeded sequence about few enough things that they meet. hot: most of it is about the first project."""

    def __init__(self, seed: int, projects: int = 6, *, hot: bool = False) -> None:
        self._dice = random.Random(seed)
        self._seed = seed
        self._projects = [f"p{number}-ö" if number % 3 == 0 else f"p{number}" for number in range(projects)]
        self._hot = hot
        self._number = 0
        self._past: deque[Sent] = deque(maxlen=400)
        self._held: list[Sent] = []
        self.projects = tuple(self._projects)

    def take(self, count: int) -> Iterator[Sent]:
        """Yield the next records: some again, some out of order."""
        for _ in range(count):
            chance = self._dice.random()
            if chance < 0.06 and self._past:
                yield self._dice.choice(self._past)
            elif chance < 0.10 and self._held:
                yield self._held.pop(self._dice.randrange(len(self._held)))
            else:
                one = self._next()
                self._past.append(one)
                if chance > 0.95:
                    self._held.append(one)
                else:
                    yield one

    def _next(self) -> Sent:
        self._number += 1
        project = self._projects[0] if self._hot and self._dice.random() < 0.9 else self._dice.choice(self._projects)
        if self._dice.random() < 0.01:
            return Sent(project.encode(), self._dice.choice(POISON))
        event = self._event(project)
        key = project if self._dice.random() > 0.002 else "somebody-else"
        skew = self._dice.choice((-DAY_MS, -1000, 30 * 60 * 1000)) if self._dice.random() < 0.02 else 0
        return Sent(key.encode(), json.dumps(event, ensure_ascii=False).encode(), event["id"], skew)

    def _event(self, project: str) -> dict[str, Any]:
        dice = self._dice
        entity = dice.choices(("task", "subtask", "branch", "project", "context"), (70, 14, 9, 2, 5))[0]
        event: dict[str, Any] = {
            "id": str(uuid.UUID(int=dice.getrandbits(128))),
            "entity": entity,
            "action": self._action(entity),
            "project_id": project,
            "entity_id": self._id(entity, project),
            "occurred_at": f"2026-03-{dice.randrange(1, 28):02}T10:00:00.{self._number % 1000:03}Z",
            "source": dice.choices(("mcp-ai", "user", "system"), (85, 13, 2))[0],
            "session_id": f"s{dice.randrange(4)}",
            "correlation_id": f"c{self._seed}-{self._number}",
            "data": self._data(),
            "from_a_newer_producer": {"unknown": [1, 2**53 + 1]},
        }
        if entity in {"task", "subtask"}:
            event["branch_id" if entity == "task" else "task_id"] = self._id("branch" if entity == "task" else "task", project)
        if dice.random() < 0.2:
            event |= {"origin": dice.choice(("beads", "jira")), "version": self._number - dice.choice((0, 0, 0, 40))}
        if dice.random() < 0.03:
            event["if_stamp"] = dice.randrange(2000)
        return event

    def _action(self, entity: str) -> str:
        deletes = {"task": 8, "subtask": 8, "branch": 4, "project": 1, "context": 8}[entity]
        words = ("create", "update", "patch", "created", "completed", "delete")
        return self._dice.choices(words, (26, 26, 30, 4, 6, deletes))[0]

    def _id(self, entity: str, project: str) -> str:
        if entity == "project":
            return project
        count = {"branch": 4, "task": 60, "subtask": 40, "context": 5}[entity]
        return f"{entity}-{self._dice.randrange(count)}" + ("/✓" if self._dice.random() < 0.1 else "")

    def _data(self) -> dict[str, Any]:
        dice = self._dice
        data: dict[str, Any] = {"title": f"Take {self._number}", "status": dice.choice(STATUSES), "priority": dice.choice(("low", "high"))}
        if dice.random() < 0.1:
            data["archived"] = dice.random() < 0.3
        return {name: value for name, value in data.items() if dice.random() < 0.8}


def wide_branch(project: str, tasks: int) -> Iterator[Sent]:
    """Yield a branch of many tasks, its delete, a late change under it, and its revival with one task."""

    def one(entity: str, action: str, name: str, **more: Any) -> Sent:  # noqa: ANN401  any field
        event = {
            "id": str(uuid.uuid4()),
            "entity": entity,
            "action": action,
            "project_id": project,
            "entity_id": name,
            "occurred_at": "2026-03-01T00:00:00Z",
            "source": "mcp-ai",
            **more,
        }
        return Sent(project.encode(), json.dumps(event).encode(), event["id"])

    yield one("branch", "create", "wide")
    for number in range(tasks):
        yield one("task", "create", f"wide-{number}", branch_id="wide", data={"status": "done" if number % 2 else "todo"})
    yield one("branch", "delete", "wide", source="user")
    yield one("task", "update", "wide-1", branch_id="wide")
    yield one("branch", "create", "wide", source="user")
    yield one("task", "create", "wide-2", branch_id="wide")
