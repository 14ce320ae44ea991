"""A task event: the task's row, the tallies of its branch and project, and its subtasks when it moves or goes."""

from collections.abc import Iterator
from copy import copy
from typing import Final, cast

from msgspec import UNSET, structs

from schemas.events import Event, Fields
from schemas.rows import Actor, BranchSummary, ContextUpdate, ProjectSummary, SubtaskSummary, TaskSummary
from schemas.words import DEFAULT_PRIORITY, DEFAULT_STATUS, KNOWN_WORDS, MAX_WORDS
from streams.domain.digest import task_digest
from streams.domain.fold import Applied, Fold, Target, later, with_former
from streams.domain.homes import home_of
from streams.domain.node import Node
from streams.domain.revival import Drop
from streams.domain.rules import DEFAULT_BRANCH
from streams.domain.scope import Scope
from streams.domain.tally import add, shift

NO_FIELDS: Final = Fields()


def write_task(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Insert, replace or patch a task; move it when the event names another branch."""
    scope, live = target.scope, target.live
    old: TaskSummary | None = None if live is None else live.row  # type: ignore[assignment]  # the row of a task's key is a task
    branch_id = event.branch_id or (DEFAULT_BRANCH if old is None else old.branch_id)
    if branch_id not in scope.branches and fold.has_lost(scope, branch_id):
        return "orphan"
    new = _whole(fold, event, branch_id, old) if old is None or not target.merge else _patched(fold, event, branch_id, old)
    if (new.status not in KNOWN_WORDS or new.priority not in KNOWN_WORDS) and _is_crowded(fold.find(scope.key), new):
        return "crowded"
    project, branch = fold.open_above(scope, branch_id)
    if live is None or old is None:
        fold.put(target.key, new, target.memory, _enter(new, branch.row, project))
        fold.link(branch.key, target.key)
        return Applied(target.key, None, _above(scope, branch.key, new))
    if old.branch_id != branch_id:
        return _move(fold, target, live, new)
    fold.put(target.key, new, target.memory, exchange(live, new, branch.row, project))
    return Applied(target.key, old, _above(scope, branch.key, new))


def _is_crowded(project: Node | None, task: TaskSummary) -> bool:
    """Tell whether a task brings a word into a project that has as many as its row can hold."""
    row = None if project is None else project.row
    if not isinstance(row, ProjectSummary):
        return False
    words = ((task.status, row.status_breakdown), (task.priority, row.priority_breakdown))
    return any(word not in KNOWN_WORDS and word not in names and len(names) >= MAX_WORDS for word, names in words)


def bury_task(fold: Fold, event: Event, target: Target) -> Applied:
    """Delete a task with its subtasks and contexts, or note the delete of one that was never seen."""
    if target.live is None:
        fold.bury(target.key, TaskSummary(id=event.entity_id, project_id=event.project_id, branch_id=""), target.memory, None)
        return Applied(target.key, None, ())
    old = cast(TaskSummary, target.live.row)
    project, branch = fold.open_above(target.scope, old.branch_id)
    _leave(target.live, branch.row, project)
    fold.bury(target.key, old, target.memory, old.branch_id)
    fold.doom(entomb_below(fold, target.key, old))
    return Applied(target.key, old, _above(target.scope, branch.key, old))


def entomb_below(fold: Fold, key: bytes, task: TaskSummary) -> Iterator[None]:
    """Put tombstones in place of a task's subtasks and contexts, one at a turn."""
    for child_key, child in fold.children(key):
        row = child.row
        if isinstance(row, SubtaskSummary) and row.task_id == task.id:
            fold.bury(child_key, row, child.memory, task.id)
        elif isinstance(row, ContextUpdate) and row.task_id == task.id:
            fold.bury(child_key, row, child.memory, home_of(row))
        yield


def _above(scope: Scope, branch_key: bytes, task: TaskSummary) -> tuple[bytes, ...]:
    """Return the keys of what a message about a task tells with it: its branch and project, and its parent task as it is."""
    if task.parent_id is None:
        return branch_key, scope.key
    return branch_key, scope.key, scope.key_of("task", task.parent_id)


def exchange(old: Node, new: TaskSummary, branch: BranchSummary, project: ProjectSummary) -> int:
    """Move both tallies from a task's old row to its new one in the same branch; return the new row's digest."""
    digest = task_digest(new)
    before = old.digest if old.digest >= 0 else _digest_of(old)
    shift((branch, project), old.row, new, digest - before)  # type: ignore[arg-type]  # the row of a task's key is a task
    return digest


def _move(fold: Fold, target: Target, live: Node, new: TaskSummary) -> Applied:
    scope = target.scope
    old = cast(TaskSummary, live.row)
    project, left = fold.open_above(scope, old.branch_id)
    entered = fold.open_above(scope, new.branch_id)[1]
    _leave(live, left.row, project)
    memory = structs.replace(target.memory, former=with_former(target.memory.former, old.branch_id))
    fold.put(target.key, new, memory, _enter(new, entered.row, project))
    fold.link(entered.key, target.key)
    below = _move_below(fold, target.key, new)
    return Applied(target.key, old, (entered.key, left.key, scope.key, *below))


def _move_below(fold: Fold, key: bytes, task: TaskSummary) -> list[bytes]:
    moved = []
    for child_key, child in fold.children(key):
        if isinstance(child.row, SubtaskSummary | ContextUpdate) and child.row.task_id == task.id:
            row = copy(child.row)
            row.branch_id, row.stamp = task.branch_id, fold.offset
            fold.put(child_key, row, child.memory)
            moved.append(child_key)
    return moved


def _enter(task: TaskSummary, branch: BranchSummary, project: ProjectSummary) -> int:
    digest = task_digest(task)
    add((branch, project), task, 1, digest)
    return digest


def _leave(old: Node, branch: BranchSummary, project: ProjectSummary) -> None:
    add((branch, project), cast(TaskSummary, old.row), -1, _digest_of(old))


def _digest_of(node: Node) -> int:
    return node.digest if node.digest >= 0 else task_digest(cast(TaskSummary, node.row))


def _whole(fold: Fold, event: Event, branch_id: str, old: TaskSummary | None) -> TaskSummary:
    """Return the task that the event describes in full; what it does not say has its default."""
    new = TaskSummary(id=event.entity_id, project_id=event.project_id, branch_id=branch_id)
    if event.data is not None:
        _describe(new, event.data)
    new.last_activity = fold.activity
    if old is not None:
        new.total_subtasks, new.completed_subtasks = old.total_subtasks, old.completed_subtasks
        new.last_activity = later(fold.activity, old.last_activity)
    new.last_actor = Actor(event.source, event.user_id, event.session_id)
    new.stamp = fold.offset
    return new


def _describe(new: TaskSummary, data: Fields) -> None:
    """Write what is said over the defaults, field by field: a constructor takes 2 us for sixteen names."""
    if data.title:
        new.title = data.title
    if data.status is not UNSET and data.status is not None:
        new.status = data.status
    if data.priority is not UNSET and data.priority is not None:
        new.priority = data.priority
    new.parent_id = None if data.parent_id is UNSET else data.parent_id
    new.progress_percentage = None if data.progress_percentage is UNSET else data.progress_percentage
    for name in ("assignees", "labels", "dependencies"):
        value = getattr(data, name)
        if value:
            setattr(new, name, tuple(value))


def _patched(fold: Fold, event: Event, branch_id: str, old: TaskSummary) -> TaskSummary:
    """Return the task with exactly the fields that are set; null sets a field to its default."""
    data = event.data or NO_FIELDS
    new = copy(old)
    if data.title is not UNSET:
        new.title = data.title or ""
    if data.status is not UNSET:
        new.status = DEFAULT_STATUS if data.status is None else data.status
    if data.priority is not UNSET:
        new.priority = DEFAULT_PRIORITY if data.priority is None else data.priority
    if data.parent_id is not UNSET:
        new.parent_id = data.parent_id
    if data.progress_percentage is not UNSET:
        new.progress_percentage = data.progress_percentage
    for name in ("assignees", "labels", "dependencies"):
        value = getattr(data, name)
        if value is not UNSET:
            setattr(new, name, tuple(value or ()))
    new.branch_id, new.stamp = branch_id, fold.offset
    new.last_activity = later(fold.activity, old.last_activity)
    new.last_actor = Actor(event.source, event.user_id, event.session_id)
    return new
