"""A replayed event: nothing changes, and every row that it may have changed is told again.

The rows already hold all replayed events, so messages about single ones would mix two moments. A project's replayed events
are collected in a window that ends with the replay: one bulk takes a reader from before the replay to after it.
"""

from collections.abc import Iterator
from typing import Final

from schemas.events import Event
from schemas.rows import ContextUpdate, SubtaskSummary
from schemas.topics import row_key
from streams.domain.digest import HASH_CHARS, id_hash
from streams.domain.fold import Fold
from streams.domain.homes import split_home
from streams.domain.node import Node
from streams.domain.rules import REMEMBERED_IDS

_PARENTS: Final = frozenset({"project", "branch", "task"})


def project_keys(fold: Fold, project_id: str) -> Iterator[bytes]:
    """Yield the project and those of its branches that took in the event at hand or a later one: a move names only where it went."""
    project_key = row_key("project", project_id, project_id)
    yield project_key
    for key, node in fold.children(project_key):
        if key.startswith(b"branch/") and node.row.stamp >= fold.offset:
            yield key


def changed_keys(fold: Fold, event: Event) -> Iterator[bytes]:
    """Yield the event's own row, the tasks that a subtask or context had, and what changed below; nothing if the row does not exist."""
    key = row_key(event.entity, event.project_id, event.entity_id)
    node = fold.get(key)
    if node is None:
        return
    yield key
    if event.entity == "subtask":
        for task_id in _tasks_of(event, node):
            yield row_key("task", event.project_id, task_id)
    elif event.entity == "context":
        for task_id in _tasks_of_context(event, node):
            yield row_key("task", event.project_id, task_id)
    elif event.entity == "task" or (event.entity in _PARENTS and event.action == "delete" and not node.deleted):
        yield from _below(fold, key)


def decision_again(event: Event, node: Node | None) -> tuple[bool, str | None]:
    """Return (known, error) of a decision that was taken before the replay, as far as the row still tells.

    A row that took the event in says so until it has taken in 8 more; only then is the decision unknown.
    """
    ids = "" if node is None else node.memory.ids
    if id_hash(event.id) in ids:
        return True, None
    return len(ids) < REMEMBERED_IDS * HASH_CHARS, "conflict"


def _tasks_of(event: Event, node: Node) -> dict[str, None]:
    tasks = dict.fromkeys(node.memory.former)
    if isinstance(node.row, SubtaskSummary):
        tasks[node.row.task_id] = None
    if event.task_id is not None:
        tasks[event.task_id] = None
    return tasks


def _tasks_of_context(event: Event, node: Node) -> dict[str, None]:
    homes = (split_home(text) for text in node.memory.former)
    tasks = dict.fromkeys(row_id for kind, row_id in homes if kind == "task")
    if isinstance(node.row, ContextUpdate) and node.row.task_id:
        tasks[node.row.task_id] = None
    if event.task_id is not None:
        tasks[event.task_id] = None
    return tasks


def _below(fold: Fold, key: bytes) -> Iterator[bytes]:
    """Yield everything below a row that changed with the event at hand or later, tombstones too: their parent may live again."""
    for child_key, child in fold.children(key):
        if child.row.stamp >= fold.offset:
            yield child_key
            yield from _below(fold, child_key)
