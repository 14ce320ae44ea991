"""Members: a row of its own under the project; nothing above it changes."""

from copy import copy
from typing import cast

from msgspec import UNSET

from schemas.events import Event
from schemas.rows import MemberRow
from streams.domain.apply_task import NO_FIELDS
from streams.domain.fold import Applied, Fold, Target
from streams.domain.revival import Drop

_DEFAULT_ROLE = "viewer"


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
    row.stamp = fold.offset
    fold.put(target.key, row, target.memory)
    if old is None:
        fold.link(target.scope.key, target.key)
    return Applied(target.key, old, ())


def bury_member(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Delete a member, or note the delete of one that was never seen."""
    before = None if target.live is None else cast(MemberRow, target.live.row)
    unseen = MemberRow(id=event.entity_id, project_id=event.project_id, user_id="")
    fold.bury(target.key, before or unseen, target.memory, None)
    return Applied(target.key, before, ())
