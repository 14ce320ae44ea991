"""The counts of a branch or project, moved by what a task contributed before and contributes now.

A tally is a commutative group over tasks: every function here adds one contribution with a sign, and the order does not matter.
"""

from typing import Final

from schemas.rows import BranchSummary, ProjectSummary, TaskSummary
from schemas.words import BREAKDOWN_NAMES, COMPLETED, IN_PROGRESS, INACTIVE, OTHER
from streams.domain.digest import MASK

Tally = BranchSummary | ProjectSummary
TALLIES: Final = (BranchSummary, ProjectSummary)


def shift(tallies: tuple[Tally, ...], old: TaskSummary, new: TaskSummary, digest: int) -> None:
    """Replace the contribution of a task that stays in the same branch. digest: new task digest - old task digest."""
    for tally in tallies:
        tally.digest = (tally.digest + digest) & MASK
    if old.status != new.status:
        _count_status(tallies, old.status, -1)
        _count_status(tallies, new.status, 1)
    if old.priority != new.priority:
        _count_priority(tallies, old.priority, -1)
        _count_priority(tallies, new.priority, 1)
    if old.total_subtasks != new.total_subtasks or old.completed_subtasks != new.completed_subtasks:
        _count_subtasks(tallies, new.total_subtasks - old.total_subtasks, new.completed_subtasks - old.completed_subtasks)


def add(tallies: tuple[Tally, ...], task: TaskSummary, sign: int, digest: int) -> None:
    """Add (sign 1) or take away (sign -1) the whole contribution of a task. digest: that of the task, without sign."""
    for tally in tallies:
        tally.digest = (tally.digest + sign * digest) & MASK
        tally.total_tasks += sign
    _count_status(tallies, task.status, sign)
    _count_priority(tallies, task.priority, sign)
    _count_subtasks(tallies, sign * task.total_subtasks, sign * task.completed_subtasks)


def take_away(project: ProjectSummary, branch: BranchSummary) -> None:
    """Take the whole tally of a branch out of its project."""
    project.digest = (project.digest - branch.digest) & MASK
    project.total_tasks -= branch.total_tasks
    _count_subtasks((project,), -branch.total_subtasks, -branch.completed_subtasks)
    for name, count in branch.status_breakdown.items():
        _count_status((project,), name, -count)
    for name, count in branch.priority_breakdown.items():
        _count_priority((project,), name, -count)


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


def _count_status(tallies: tuple[Tally, ...], status: str, count: int) -> None:
    for tally in tallies:
        breakdown = tally.status_breakdown
        total = breakdown.get(status, 0) + count
        if total:
            breakdown[status] = total
        else:
            del breakdown[status]
        if status not in INACTIVE:
            tally.active_tasks += count
            if status == COMPLETED:
                tally.completed_tasks += count
            elif status == IN_PROGRESS:
                tally.in_progress_tasks += count


def _count_priority(tallies: tuple[Tally, ...], priority: str, count: int) -> None:
    for tally in tallies:
        breakdown = tally.priority_breakdown
        total = breakdown.get(priority, 0) + count
        if total:
            breakdown[priority] = total
        else:
            del breakdown[priority]


def _count_subtasks(tallies: tuple[Tally, ...], total: int, completed: int) -> None:
    for tally in tallies:
        tally.total_subtasks += total
        tally.completed_subtasks += completed
