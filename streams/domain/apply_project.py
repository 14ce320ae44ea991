"""A project event: the project's row, and everything in it when it goes."""

from typing import cast

from schemas.events import Event
from schemas.rows import BranchSummary, ContextUpdate, MemberRow, ProjectSummary
from streams.domain.apply_branch import copy_of, entomb_branch, rename
from streams.domain.apply_task import NO_FIELDS
from streams.domain.fold import Applied, Fold, Target
from streams.domain.node import Node
from streams.domain.revival import Drop


def write_project(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Insert, replace or patch a project. Its branches and counts stay."""
    before = copy_of(target.live)
    if target.live is None:
        fold.put(target.key, ProjectSummary(id=event.project_id, name=event.project_id), target.memory)
    project = fold.open_project(target.scope)
    cast(Node, fold.touch(target.key)).memory = target.memory
    rename(project, event.data or NO_FIELDS, merge=target.merge)
    return Applied(target.key, before, ())


def bury_project(fold: Fold, event: Event, target: Target) -> Applied | Drop:
    """Delete a project with everything in it, or note the delete of one that was never seen."""
    for child_key, child in fold.children(target.key):
        if isinstance(child.row, BranchSummary):
            entomb_branch(fold, child_key, child.row, child.memory)
        elif isinstance(child.row, ContextUpdate | MemberRow):
            fold.bury(child_key, child.row, child.memory, None)
    before = copy_of(target.live)
    del fold.scopes[event.project_id]
    fold.bury(target.key, ProjectSummary(id=event.project_id, name=""), target.memory, None)
    return Applied(target.key, before, ())
