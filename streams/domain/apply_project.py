"""A project event: the project's row, and everything in it when it goes."""

from collections.abc import Iterator
from typing import cast

from schemas.events import Event
from schemas.rows import BranchSummary, ContextUpdate, LetterRow, MemberRow, ProjectSummary
from streams.domain.apply_branch import copy_of, entomb_tasks, rename
from streams.domain.apply_task import NO_FIELDS
from streams.domain.fold import Applied, Fold, Target
from streams.domain.homes import home_of
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
    before = copy_of(target.live)
    del fold.scopes[event.project_id]
    fold.bury(target.key, ProjectSummary(id=event.project_id, name=""), target.memory, None)
    fold.doom(_entomb_all(fold, target.key))
    return Applied(target.key, before, ())


def _entomb_all(fold: Fold, key: bytes) -> Iterator[None]:
    for child_key, child in fold.children(key):
        row = child.row
        if isinstance(row, BranchSummary):
            fold.bury(child_key, row, child.memory, None)
            yield from entomb_tasks(fold, child_key, row)
        elif isinstance(row, MemberRow | LetterRow):
            fold.bury(child_key, row, child.memory, None)
        elif isinstance(row, ContextUpdate):
            fold.bury(child_key, row, child.memory, home_of(row))
        yield
