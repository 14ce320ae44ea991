"""The counts of a branch or project, moved by what a task contributed before and contributes now.

A tally is a commutative group over tasks: every function here adds one contribution with a sign, and the order does not matter.
"""

from schemas.rows import BranchSummary, ProjectSummary, TaskSummary
from schemas.words import BREAKDOWN_NAMES, COMPLETED, IN_PROGRESS, INACTIVE, OTHER
from streams.domain.digest import MASK

Tally = BranchSummary | ProjectSummary


def shift(tally: Tally, old: TaskSummary, new: TaskSummary, digest: int) -> None:
    """Replace the contribution of a task that stays. digest: new task digest - old task digest."""
    tally.digest = (tally.digest + digest) & MASK
    if old.status != new.status:
        _count_status(tally, old.status, -1)
        _count_status(tally, new.status, 1)
    if old.priority != new.priority:
        _bump(tally.priority_breakdown, old.priority, -1)
        _bump(tally.priority_breakdown, new.priority, 1)
    tally.total_subtasks += new.total_subtasks - old.total_subtasks
    tally.completed_subtasks += new.completed_subtasks - old.completed_subtasks


def add(tally: Tally, task: TaskSummary, sign: int, digest: int) -> None:
    """Add (sign 1) or take away (sign -1) the whole contribution of a task. digest: that of the task, without sign."""
    tally.digest = (tally.digest + sign * digest) & MASK
    tally.total_tasks += sign
    _count_status(tally, task.status, sign)
    _bump(tally.priority_breakdown, task.priority, sign)
    tally.total_subtasks += sign * task.total_subtasks
    tally.completed_subtasks += sign * task.completed_subtasks


def take_away(project: ProjectSummary, branch: BranchSummary) -> None:
    """Take the whole tally of a branch out of its project."""
    project.digest = (project.digest - branch.digest) & MASK
    project.total_tasks -= branch.total_tasks
    project.completed_tasks -= branch.completed_tasks
    project.in_progress_tasks -= branch.in_progress_tasks
    project.active_tasks -= branch.active_tasks
    project.total_subtasks -= branch.total_subtasks
    project.completed_subtasks -= branch.completed_subtasks
    for name, count in branch.status_breakdown.items():
        _bump(project.status_breakdown, name, -count)
    for name, count in branch.priority_breakdown.items():
        _bump(project.priority_breakdown, name, -count)


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


def _count_status(tally: Tally, status: str, count: int) -> None:
    _bump(tally.status_breakdown, status, count)
    if status == COMPLETED:
        tally.completed_tasks += count
    elif status == IN_PROGRESS:
        tally.in_progress_tasks += count
    if status not in INACTIVE:
        tally.active_tasks += count


def _bump(breakdown: dict[str, int], name: str, count: int) -> None:
    total = breakdown.get(name, 0) + count
    if total:
        breakdown[name] = total
    else:
        del breakdown[name]
