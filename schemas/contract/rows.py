"""The rows of `task-state` and of frames, as a receiver reads them. The hot path's twins are in `schemas.rows`.

Rows are whole and last-stamp-wins: keep the one with the highest `stamp`.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.contract.base import Count, Id, Names, Sparse, Stamp, Title, UtcTime, Whole

Breakdown = Annotated[dict[str, Count], Field(description="Sums to total_tasks; at most 16 names, the rest in other.")]
Digest = Annotated[int, Field(description="Order-free sum over the tasks: equal digests, equal tasks.")]


class BranchSummary(Whole):
    """Counts of one branch. active_tasks = total - cancelled - archived."""

    id: Id
    project_id: Id
    name: Title
    total_tasks: Count = 0
    completed_tasks: Count = 0
    in_progress_tasks: Count = 0
    active_tasks: Count = 0
    total_subtasks: Count = 0
    completed_subtasks: Count = 0
    last_activity: UtcTime | None = None
    priority_breakdown: Breakdown = Field(default_factory=dict)
    status_breakdown: Breakdown = Field(default_factory=dict)
    archived: bool = False
    digest: Digest = 0
    stamp: Stamp = -1


class ProjectSummary(Whole):
    """The same over all branches of a project. degraded = open dead letters: events that could not be applied."""

    id: Id
    name: Title
    total_branches: Count = 0
    total_tasks: Count = 0
    completed_tasks: Count = 0
    in_progress_tasks: Count = 0
    active_tasks: Count = 0
    total_subtasks: Count = 0
    completed_subtasks: Count = 0
    last_activity: UtcTime | None = None
    priority_breakdown: Breakdown = Field(default_factory=dict)
    status_breakdown: Breakdown = Field(default_factory=dict)
    archived: bool = False
    degraded: Count = 0
    digest: Digest = 0
    stamp: Stamp = -1


class Actor(Sparse):
    """Who changed a row last."""

    source: str
    user_id: Id | None = None
    session_id: Id | None = None


class TaskSummary(Whole):
    """One task."""

    id: Id
    project_id: Id
    branch_id: Id
    title: str = ""
    status: str = "todo"
    priority: str = "medium"
    assignees: list[str] = Field(default_factory=list)
    labels: list[str] = Field(default_factory=list)
    dependencies: list[str] = Field(default_factory=list)
    parent_id: Id | None = None
    progress_percentage: float | None = None
    total_subtasks: Count = 0
    completed_subtasks: Count = 0
    last_activity: UtcTime | None = None
    last_actor: Actor | None = None
    stamp: Stamp = -1


class SubtaskSummary(Whole):
    """One subtask of one task."""

    id: Id
    project_id: Id
    branch_id: Id
    task_id: Id
    title: str = ""
    status: str = "todo"
    assignees: list[str] = Field(default_factory=list)
    progress_percentage: float | None = None
    last_activity: UtcTime | None = None
    last_actor: Actor | None = None
    stamp: Stamp = -1


class ContextUpdate(Whole):
    """One context: which keys changed, never their contents. It belongs to a task (in a branch), else to a branch, else to the project."""

    id: Id
    project_id: Id
    branch_id: Id | None = None
    task_id: Id | None = None
    level: str = "task"
    version: int = 1
    changed: Names = Field(default_factory=list)
    last_activity: UtcTime | None = None
    last_actor: Actor | None = None
    stamp: Stamp = -1


class MemberRow(Whole):
    """One user's role in one project: owner, editor or viewer."""

    id: Id
    project_id: Id
    user_id: Id
    role: str = "viewer"
    stamp: Stamp = -1


class ActivityRow(Whole):
    """Events of one project that were applied, in one minute of event time; the id is the minute of the week (UTC)."""

    id: Id
    project_id: Id
    minute: UtcTime
    events: Count = 0
    sources: dict[str, Count] = Field(default_factory=dict)
    actions: dict[str, Count] = Field(default_factory=dict)
    stamp: Stamp = -1


class LetterRow(Whole):
    """One open dead letter of a project: a record that could not be applied; the id is its offset in task-changes."""

    id: Id
    project_id: Id
    stamp: Stamp = -1


class Tombstone(Whole):
    """A deleted thing. It stays a row, so that late events and late readers see the delete."""

    id: Id
    project_id: Id
    deleted: Literal[True] = True
    stamp: Stamp = -1


class OffsetRow(Whole):
    """Key `offset/<partition>`: every event below `through` is in the rows of the partition."""

    partition: Count
    through: Count
    time_ms: int = 0


class EpochRow(Whole):
    """Key `epoch/<partition>`: the life of the partition's topics. whole: every row was written again behind this one."""

    partition: Count
    epoch: str
    whole: bool = False


LiveRow = ProjectSummary | BranchSummary | TaskSummary | SubtaskSummary | ContextUpdate | MemberRow | ActivityRow | LetterRow
Row = LiveRow | Tombstone
