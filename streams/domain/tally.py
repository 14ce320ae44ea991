"""The counts of a branch or project, moved by what a task contributed before and contributes now.

A tally is a commutative group over tasks: every function here adds one contribution with a sign, and the order does not matter.
"""

from typing import Final

from typing_extensions import TypeIs

from schemas.rows import BranchSummary, ProjectSummary, Row, TaskSummary
from schemas.words import ARCHIVED, BREAKDOWN_NAMES, CANCELLED, COMPLETED, IN_PROGRESS, OTHER
from streams.domain.digest import MASK

Tally = BranchSummary | ProjectSummary
_TALLIES: Final = frozenset({BranchSummary, ProjectSummary})


def is_tally(row: Row) -> TypeIs[Tally]:
    """Tell the rows with counts from the others. `isinstance` takes ten times as long for a msgspec Struct that is none of these."""
    return type(row) in _TALLIES


def shift(tallies: tuple[Tally, ...], old: TaskSummary, new: TaskSummary, digest: int) -> None:
    """Replace the contribution of a task that stays in the same branch. digest: new task digest - old task digest."""
    status, priority = new.status, new.priority
    for tally in tallies:
        tally.digest = (tally.digest + digest) & MASK
        if status != old.status:
            _move(tally.status_breakdown, old.status, status)
        if priority != old.priority:
            _move(tally.priority_breakdown, old.priority, priority)
    if old.total_subtasks != new.total_subtasks or old.completed_subtasks != new.completed_subtasks:
        _count_subtasks(tallies, new.total_subtasks - old.total_subtasks, new.completed_subtasks - old.completed_subtasks)


def add(tallies: tuple[Tally, ...], task: TaskSummary, sign: int, digest: int) -> None:
    """Add (sign 1) or take away (sign -1) the whole contribution of a task. digest: that of the task, without sign."""
    for tally in tallies:
        tally.digest = (tally.digest + sign * digest) & MASK
        tally.total_tasks += sign
        _count(tally.status_breakdown, task.status, sign)
        _count(tally.priority_breakdown, task.priority, sign)
    _count_subtasks(tallies, sign * task.total_subtasks, sign * task.completed_subtasks)


def take_away(project: ProjectSummary, branch: BranchSummary) -> None:
    """Take the whole tally of a branch out of its project."""
    project.digest = (project.digest - branch.digest) & MASK
    project.total_tasks -= branch.total_tasks
    _count_subtasks((project,), -branch.total_subtasks, -branch.completed_subtasks)
    for name, count in branch.status_breakdown.items():
        _count(project.status_breakdown, name, -count)
    for name, count in branch.priority_breakdown.items():
        _count(project.priority_breakdown, name, -count)


def settle(tally: Tally) -> None:
    """Read the counts that follow from the whole breakdown off it: once when a row is looked at, not with every event."""
    statuses = tally.status_breakdown
    tally.completed_tasks = statuses.get(COMPLETED, 0)
    tally.in_progress_tasks = statuses.get(IN_PROGRESS, 0)
    tally.active_tasks = tally.total_tasks - statuses.get(CANCELLED, 0) - statuses.get(ARCHIVED, 0)


def shown(breakdown: dict[str, int], known: tuple[str, ...]) -> dict[str, int]:
    """Return the part of a breakdown that readers see: at most 16 names and `other`, with the same sum.

    Known names come first, then the largest counts; equal counts by name.
    """
    if len(breakdown) <= BREAKDOWN_NAMES:
        return breakdown
    ranked = sorted(breakdown, key=lambda name: (name not in known, -breakdown[name], name))
    result = {name: breakdown[name] for name in ranked[:BREAKDOWN_NAMES]}
    result[OTHER] = result.get(OTHER, 0) + sum(breakdown[name] for name in ranked[BREAKDOWN_NAMES:])
    return result


def _move(breakdown: dict[str, int], before: str, now: str) -> None:
    breakdown[now] = breakdown[now] + 1 if now in breakdown else 1
    left = breakdown[before]
    if left == 1:
        del breakdown[before]
    else:
        breakdown[before] = left - 1


def _count(breakdown: dict[str, int], name: str, count: int) -> None:
    total = breakdown.get(name, 0) + count
    if total:
        breakdown[name] = total
    else:
        del breakdown[name]


def _count_subtasks(tallies: tuple[Tally, ...], total: int, completed: int) -> None:
    for tally in tallies:
        tally.total_subtasks += total
        tally.completed_subtasks += completed
