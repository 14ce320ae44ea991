"""A subtask event: the subtask's row, the counts in its task, and through them the tallies above."""

from copy import copy
from typing import cast

from msgspec import UNSET, structs

from schemas.events import Event, Fields
from schemas.rows import Actor, Memory, SubtaskSummary, TaskSummary
from schemas.words import COMPLETED, DEFAULT_STATUS
from streams.domain.apply_task import NO_FIELDS, exchange
from streams.domain.fold import Applied, Fold, Target, later, with_former
from streams.domain.node import Node
from streams.domain.revival import Drop
from streams.domain.scope import Scope


def write_subtask(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Insert, replace or patch a subtask; move it when the event names another task. Its task must be live."""
    old = None if target.live is None else cast(SubtaskSummary, target.live.row)
    task_id = event.task_id or (None if old is None else old.task_id)
    if task_id is None:
        return "unknown"
    task_key = target.scope.key_of("task", task_id)
    task = fold.find(task_key)
    if task is None or not isinstance(task.row, TaskSummary):
        return "orphan"
    new = _patched(old, event.data or NO_FIELDS) if old is not None and target.merge else _whole(event, event.data or NO_FIELDS)
    new.task_id, new.branch_id, new.stamp = task_id, task.row.branch_id, fold.offset
    new.last_activity = later(fold.activity, None if old is None else old.last_activity)
    new.last_actor = Actor(event.source, event.user_id, event.session_id)
    if old is not None and old.task_id == task_id:
        fold.put(target.key, new, target.memory)
        return Applied(target.key, old, recount(fold, target.scope, task_id, (0, _done(new) - _done(old))))
    left = () if old is None else recount(fold, target.scope, old.task_id, (-1, -_done(old)))
    fold.put(target.key, new, _moved(target.memory, old))
    fold.link(task_key, target.key)
    return Applied(target.key, old, tuple(dict.fromkeys(left + recount(fold, target.scope, task_id, (1, _done(new))))))


def bury_subtask(fold: Fold, event: Event, target: Target) -> Applied:
    """Delete a subtask, or note the delete of one that was never seen."""
    if target.live is None:
        unseen = SubtaskSummary(id=event.entity_id, project_id=event.project_id, branch_id="", task_id="")
        fold.bury(target.key, unseen, target.memory, event.task_id)
        return Applied(target.key, None, ())
    old = cast(SubtaskSummary, target.live.row)
    ancestors = recount(fold, target.scope, old.task_id, (-1, -_done(old)))
    fold.bury(target.key, old, target.memory, old.task_id)
    return Applied(target.key, old, ancestors)


def recount(fold: Fold, scope: Scope, task_id: str, counts: tuple[int, int]) -> tuple[bytes, ...]:
    """Add (total, completed) to a live task's subtask counts; it takes in the event. Returns the keys of all rows above."""
    key = scope.key_of("task", task_id)
    node = cast(Node, fold.get(key))
    old = cast(TaskSummary, node.row)
    new = copy(old)
    new.total_subtasks += counts[0]
    new.completed_subtasks += counts[1]
    new.stamp = fold.offset
    new.last_activity = later(fold.activity, old.last_activity)
    project, branch = fold.open_above(scope, old.branch_id)
    fold.put(key, new, node.memory, exchange(node, new, branch.row, project))
    return key, branch.key, scope.key


def _done(row: SubtaskSummary) -> int:
    return 1 if row.status == COMPLETED else 0


def _moved(memory: Memory, old: SubtaskSummary | None) -> Memory:
    return memory if old is None else structs.replace(memory, former=with_former(memory.former, old.task_id))


def _whole(event: Event, data: Fields) -> SubtaskSummary:
    return SubtaskSummary(
        id=event.entity_id,
        project_id=event.project_id,
        branch_id="",
        task_id="",
        title=data.title or "",
        status=DEFAULT_STATUS if data.status is UNSET or data.status is None else data.status,
        assignees=tuple(data.assignees or ()),
        progress_percentage=None if data.progress_percentage is UNSET else data.progress_percentage,
    )


def _patched(old: SubtaskSummary, data: Fields) -> SubtaskSummary:
    new = copy(old)
    if data.title is not UNSET:
        new.title = data.title or ""
    if data.status is not UNSET:
        new.status = DEFAULT_STATUS if data.status is None else data.status
    if data.assignees is not UNSET:
        new.assignees = tuple(data.assignees or ())
    if data.progress_percentage is not UNSET:
        new.progress_percentage = data.progress_percentage
    return new
