"""Contexts and members: a row of its own under the project, without any counts above it."""

from copy import copy
from typing import cast

from msgspec import UNSET

from schemas.events import Event
from schemas.rows import Actor, ContextUpdate, LiveRow, MemberRow
from streams.domain.apply_task import NO_FIELDS
from streams.domain.fold import Applied, Fold, Target, later
from streams.domain.revival import Drop

_DEFAULT_LEVEL = "task"
_DEFAULT_ROLE = "viewer"


def write_context(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Insert, replace or patch a context: its level, version and the names of the changed keys."""
    old = None if target.live is None else cast(ContextUpdate, target.live.row)
    data = event.data or NO_FIELDS
    row = ContextUpdate(id=event.entity_id, project_id=event.project_id) if old is None or not target.merge else copy(old)
    if data.level is not UNSET:
        row.level = data.level or _DEFAULT_LEVEL
    if data.version is not UNSET:
        row.version = data.version or 1
    if data.changed is not UNSET:
        row.changed = data.changed or []
    row.last_activity = later(fold.activity, None if old is None else old.last_activity)
    row.last_actor = Actor(event.source, event.user_id, event.session_id)
    return _write(fold, target, row)


def write_member(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Insert, replace or patch the role of a user; the user is the entity unless the payload names one."""
    old = None if target.live is None else cast(MemberRow, target.live.row)
    data = event.data or NO_FIELDS
    row = (
        MemberRow(id=event.entity_id, project_id=event.project_id, user_id=event.entity_id)
        if old is None or not target.merge
        else copy(old)
    )
    if data.user_id is not UNSET:
        row.user_id = data.user_id or event.entity_id
    if data.role is not UNSET:
        row.role = data.role or _DEFAULT_ROLE
    return _write(fold, target, row)


def bury_own_row(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Delete a context or member, or note the delete of one that was never seen."""
    before = None if target.live is None else cast(LiveRow, target.live.row)
    unseen = MemberRow(id=event.entity_id, project_id=event.project_id, user_id="")
    fold.bury(target.key, before or unseen, target.memory, None)
    return Applied(target.key, before, ())


def _write(fold: Fold, target: Target, row: ContextUpdate | MemberRow) -> Applied:
    row.stamp = fold.offset
    fold.put(target.key, row, target.memory)
    if target.live is None:
        fold.link(target.scope.key, target.key)
    return Applied(target.key, None if target.live is None else cast(LiveRow, target.live.row), ())
