"""What a task file says at one moment, and the difference between two moments. Pure.

Every connector reads its file into a `Board`; what happened between two versions is `diff(older, newer)`.
"""

import hashlib
from collections.abc import Iterator
from typing import Final, Literal

import msgspec
from msgspec import Struct

from schemas.events import Fields
from schemas.topics import MAX_ID_CHARS

MAX_TITLE_CHARS: Final = 200
MAX_LIST: Final = 500
"""Longer titles and lists are cut: heavy fields are not carried, and an event stays far below the limit of its size."""

ChangedEntity = Literal["project", "branch", "task", "subtask", "member"]
Kind = Literal["create", "update", "move", "delete"]


class Item(Struct, frozen=True):
    """One task or subtask. `raw` is its text in the file (any difference in it is an update); `data` is what events carry."""

    id: str
    branch_id: str
    raw: bytes
    data: Fields
    task_id: str | None = None


class Board(Struct, frozen=True):
    """Branch names by id, tasks and subtasks by id (in the file's order). `gone`: ids that the file itself calls deleted."""

    branches: dict[str, str] = msgspec.field(default_factory=dict)
    tasks: dict[str, Item] = msgspec.field(default_factory=dict)
    subtasks: dict[str, Item] = msgspec.field(default_factory=dict)
    gone: frozenset[str] = frozenset()


class Change(Struct, frozen=True):
    """One difference. A `move` is an update that names another branch; a `delete` has no data."""

    kind: Kind
    entity: ChangedEntity
    id: str
    branch_id: str | None = None
    task_id: str | None = None
    data: Fields | None = None


class Problem(Struct, frozen=True):
    """A line (1-based) that could not be taken as it is, and why. `text` is its beginning."""

    line: int
    reason: str
    text: str = ""


class Reading(Struct, frozen=True):
    """What a connector found in one version of its file. `repeated` counts entries whose id another entry has as well."""

    board: Board
    problems: tuple[Problem, ...] = ()
    repeated: int = 0


def diff(older: Board, newer: Board) -> list[Change]:
    """Return the changes that lead from one board to the next, in an order in which each of them can be applied.

    Branches first, so that tasks find them; deletes of subtasks before their tasks, and of branches last, when all that
    stays has moved out: a deleted branch would take its tasks with it.
    """
    changes = list(_branches(older.branches, newer.branches))
    changes += _items("task", older.tasks, newer.tasks)
    changes += _items("subtask", older.subtasks, newer.subtasks)
    changes += _gone("subtask", older.subtasks, newer.subtasks)
    changes += _gone("task", older.tasks, newer.tasks)
    changes += [Change("delete", "branch", row_id, row_id) for row_id in older.branches if row_id not in newer.branches]
    return changes


def whole(board: Board) -> list[Change]:
    """Return the changes that state a board without knowing what was there before: everything it has, and what it calls gone."""
    deletes = [Change("delete", "task", row_id) for row_id in sorted(board.gone)]
    return [*diff(Board(), board), *deletes]


def bounded(row_id: str) -> str:
    """Return the id within the length that events allow; a longer one keeps its beginning and ends in its hash."""
    if len(row_id) <= MAX_ID_CHARS:
        return row_id
    digest = hashlib.sha256(row_id.encode()).hexdigest()[:16]
    return f"{row_id[: MAX_ID_CHARS - len(digest) - 1]}~{digest}"


def cut(title: str) -> str:
    """Return the title on one line, within `MAX_TITLE_CHARS`."""
    plain = " ".join(title.split())
    return plain if len(plain) <= MAX_TITLE_CHARS else plain[: MAX_TITLE_CHARS - 1] + "…"


def _branches(older: dict[str, str], newer: dict[str, str]) -> Iterator[Change]:
    for row_id, name in newer.items():
        known = older.get(row_id)
        if known != name:
            yield Change("create" if known is None else "update", "branch", row_id, row_id, data=Fields(name=name))


def _items(entity: ChangedEntity, older: dict[str, Item], newer: dict[str, Item]) -> Iterator[Change]:
    for row_id, item in newer.items():
        known = older.get(row_id)
        if known is not item and (kind := _kind(known, item)) is not None:
            yield Change(kind, entity, row_id, item.branch_id, item.task_id, item.data)


def _kind(known: Item | None, item: Item) -> Kind | None:
    if known is None:
        return "create"
    if known.branch_id != item.branch_id or known.task_id != item.task_id:
        return "move"
    return "update" if known.raw != item.raw else None


def _gone(entity: ChangedEntity, older: dict[str, Item], newer: dict[str, Item]) -> list[Change]:
    return [Change("delete", entity, item.id, item.branch_id, item.task_id) for item in older.values() if item.id not in newer]
