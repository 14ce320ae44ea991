"""A branch event: the branch's row, its project, and everything in it when it goes."""

from collections.abc import Iterator
from copy import copy
from typing import Final, cast

from msgspec import UNSET

from schemas.events import Event, Fields
from schemas.rows import BranchSummary, ContextUpdate, LiveRow, ProjectSummary, TaskSummary
from streams.domain.apply_task import NO_FIELDS, entomb_below
from streams.domain.fold import Applied, Fold, Target
from streams.domain.homes import home_of
from streams.domain.node import Node, shown_row
from streams.domain.revival import Drop
from streams.domain.tally import take_away

ARCHIVED: Final = "archived"
"""The status that archives a branch or project in AgentHub; every other one brings it back."""


def write_branch(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Insert, replace or patch a branch. Its tasks and counts stay."""
    before = copy_of(target.live)
    project = fold.open_project(target.scope)
    if target.live is None:
        fold.put(target.key, BranchSummary(id=event.entity_id, project_id=event.project_id, name=""), target.memory)
        fold.link(target.scope.key, target.key)
        project.total_branches += 1
    branch = fold.open_above(target.scope, event.entity_id)[1]
    branch.node.memory = target.memory
    rename(branch.row, event.data or NO_FIELDS, merge=target.merge)
    return Applied(target.key, before, (target.scope.key,))


def bury_branch(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Delete a branch with everything in it, or note the delete of one that was never seen."""
    if target.live is None:
        fold.bury(target.key, BranchSummary(id=event.entity_id, project_id=event.project_id, name=""), target.memory, None)
        return Applied(target.key, None, ())
    branch = cast(BranchSummary, target.live.row)
    project = fold.open_project(target.scope)
    project.total_branches -= 1
    take_away(project, branch)
    target.scope.branches.pop(branch.id, None)
    fold.bury(target.key, branch, target.memory, None)
    fold.doom(entomb_tasks(fold, target.key, branch))
    return Applied(target.key, branch, (target.scope.key,))


def entomb_tasks(fold: Fold, key: bytes, branch: BranchSummary) -> Iterator[None]:
    """Put tombstones in place of a branch's tasks and contexts and of all below them, one at a turn."""
    for child_key, child in fold.children(key):
        row = child.row
        if isinstance(row, TaskSummary) and row.branch_id == branch.id:
            fold.bury(child_key, row, child.memory, branch.id)
            yield from entomb_below(fold, child_key, row)
        elif isinstance(row, ContextUpdate) and not row.task_id and row.branch_id == branch.id:
            fold.bury(child_key, row, child.memory, home_of(row))
        yield


def rename(row: BranchSummary | ProjectSummary, data: Fields, *, merge: bool) -> None:
    """Take name and archived from the payload: those that are set in a patch, else all, with their defaults."""
    name = data.git_branch_name if data.name is UNSET and isinstance(row, BranchSummary) else data.name
    if name is not UNSET or not merge:
        row.name = name if isinstance(name, str) else row.id
    if data.archived is not UNSET and data.archived is not None:
        row.archived = data.archived
    elif data.status is not UNSET or not merge:
        row.archived = data.status == ARCHIVED


def copy_of(live: Node | None) -> LiveRow | None:
    """Return the row as it is now, its counts worked out, out of reach of changes in place."""
    return None if live is None else copy(cast(LiveRow, shown_row(live.row)))
