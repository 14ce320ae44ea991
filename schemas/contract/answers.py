"""The answers of the HTTP calls, with their rows. Requests and the other bodies are in `schemas.http`."""

from typing import Literal

from schemas.contract.base import Absent, Whole, absent
from schemas.contract.rows import BranchSummary, ProjectSummary, TaskSummary
from schemas.http import BulkMetadata, StreamPosition


class BulkAnswer(Whole):
    """All summaries. `summaries` is keyed by branch id; a branch of the same id in a second project by `<project>/<branch>`."""

    summaries: dict[str, BranchSummary]
    projects: dict[str, ProjectSummary]
    metadata: BulkMetadata
    cache_key: str
    timestamp: str


class UnchangedAnswer(Whole):
    """The bulk call's answer when `known_cache_key` still holds."""

    unchanged: Literal[True] = True
    cache_key: str
    metadata: BulkMetadata


class TasksAnswer(Whole):
    """A page of tasks, ordered by id. next: the `after` of the next page, null at the end."""

    tasks: list[TaskSummary]
    next: str | None
    positions: dict[str, StreamPosition]


class ProblemDocument(Whole):
    """RFC 9457 problem details. `code` is the last part of `type`; the catalogue is `schemas.problems`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    temporary: bool
    errors: list[str] | Absent = absent()
