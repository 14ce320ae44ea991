"""A context event: the context's row. It counts as activity of the task or branch that it belongs to, and goes with it."""

from copy import copy
from typing import Final, cast

from msgspec import UNSET, structs

from schemas.events import Event
from schemas.rows import Actor, ContextUpdate, Memory, TaskSummary
from streams.domain.apply_subtask import recount
from streams.domain.apply_task import NO_FIELDS
from streams.domain.fold import Applied, Fold, Target, later, with_former
from streams.domain.homes import home_of, split_home
from streams.domain.revival import Drop
from streams.domain.scope import Scope

_DEFAULT_LEVEL: Final = "task"
_NO_COUNTS: Final = (0, 0)


def write_context(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Insert, replace or patch a context: its level, version and changed keys. Its task must be live, its branch not deleted."""
    scope = target.scope
    old = None if target.live is None else cast(ContextUpdate, target.live.row)
    row = _written(event, old, merge=target.merge)
    home, former = home_of(row), None if old is None else home_of(old)
    if row.task_id:
        task = fold.find(scope.key_of("task", row.task_id))
        if task is None or not isinstance(task.row, TaskSummary):
            return "orphan"
        row.branch_id = task.row.branch_id
    elif row.branch_id and fold.has_lost(scope, row.branch_id):
        return "orphan"
    row.stamp = fold.offset
    row.last_activity = later(fold.activity, None if old is None else old.last_activity)
    row.last_actor = Actor(event.source, event.user_id, event.session_id)
    left = () if former == home else _touch(fold, scope, former)
    if old is None:
        fold.link(scope.key, target.key)
    if home is not None and former != home:
        fold.link(scope.key_of(*split_home(home)), target.key)
    fold.put(target.key, row, target.memory if former in {None, home} else _moved(target.memory, former))
    return Applied(target.key, old, tuple(dict.fromkeys(left + _touch(fold, scope, home))))


def bury_context(fold: Fold, event: Event, target: Target) -> Applied:
    """Delete a context, or note the delete of one that was never seen."""
    if target.live is None:
        fold.bury(target.key, ContextUpdate(id=event.entity_id, project_id=event.project_id), target.memory, None)
        return Applied(target.key, None, ())
    old = cast(ContextUpdate, target.live.row)
    fold.bury(target.key, old, target.memory, home_of(old))
    return Applied(target.key, old, _touch(fold, target.scope, home_of(old)))


def _written(event: Event, old: ContextUpdate | None, *, merge: bool) -> ContextUpdate:
    data = event.data or NO_FIELDS
    row = ContextUpdate(id=event.entity_id, project_id=event.project_id) if old is None or not merge else copy(old)
    if data.level is not UNSET:
        row.level = data.level or _DEFAULT_LEVEL
    if data.version is not UNSET:
        row.version = data.version or 1
    if data.changed is not UNSET:
        row.changed = data.changed or []
    named = event.task_id or event.branch_id
    row.task_id = event.task_id if named or old is None else old.task_id
    row.branch_id = None if row.task_id else event.branch_id if named or old is None else old.branch_id
    return row


def _moved(memory: Memory, former: str) -> Memory:
    return structs.replace(memory, former=with_former(memory.former, former))


def _touch(fold: Fold, scope: Scope, home: str | None) -> tuple[bytes, ...]:
    """Let the event at hand count as activity of what a context belongs to and of all above; returns their keys."""
    kind, row_id = ("project", "") if home is None else split_home(home)
    if kind == "task":
        return recount(fold, scope, row_id, _NO_COUNTS)
    if kind == "branch":
        return fold.open_above(scope, row_id)[1].key, scope.key
    fold.open_project(scope)
    return (scope.key,)
