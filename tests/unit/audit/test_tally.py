"""What the recount expects, counted from nothing."""

import json
import zlib
from collections import Counter

from audit.fold import TOMBSTONE_MS, Fold
from audit.intake import Record
from audit.tally import Expected, breakdown
from schemas.rows import Actor, BranchSummary, ProjectSummary, SubtaskSummary, TaskSummary, Tombstone
from schemas.words import STATUSES

MS = 1_780_000_000_000


def fold(*rows: dict[str, object], last_ms: int = MS) -> Fold:
    """Return the recount of events of project p, the last of which comes at `last_ms`."""
    done = Fold()
    for offset, row in enumerate(rows):
        event = {"id": f"e{offset}", "action": "create", "project_id": "p", "occurred_at": "2026-01-01", "source": "user", **row}
        done.take(Record(offset, last_ms if offset == len(rows) - 1 else MS, b"p", json.dumps(event).encode()))
    return done


def test_every_row_is_expected_as_the_worker_should_write_it() -> None:
    """Counts, breakdowns, digest, stamps, times and the last actor."""
    rows = Expected(
        fold(
            {"entity": "project", "entity_id": "p", "data": {"name": "P"}},
            {"entity": "task", "entity_id": "t", "branch_id": "b", "data": {"title": "T", "status": "done"}},
            {"entity": "task", "entity_id": "u", "branch_id": "b", "data": {"status": "cancelled", "priority": "low"}},
            {"entity": "subtask", "entity_id": "s", "task_id": "t", "data": {"status": "done"}, "user_id": "ann"},
        )
    ).rows
    at = "2026-01-01T00:00:00.000Z"
    ann = Actor("user", "ann")
    task = TaskSummary(
        id="t",
        project_id="p",
        branch_id="b",
        title="T",
        status="done",
        total_subtasks=1,
        completed_subtasks=1,
        last_activity=at,
        last_actor=Actor("user"),
        stamp=3,
    )
    assert rows["task", "p", "t"] == task
    subtask = SubtaskSummary(id="s", project_id="p", branch_id="b", task_id="t", status="done", last_activity=at, last_actor=ann, stamp=3)
    assert rows["subtask", "p", "s"] == subtask
    branch = BranchSummary(
        id="b",
        project_id="p",
        name="b",
        total_tasks=2,
        completed_tasks=1,
        active_tasks=1,
        total_subtasks=1,
        completed_subtasks=1,
        last_activity=at,
        priority_breakdown={"medium": 1, "low": 1},
        status_breakdown={"done": 1, "cancelled": 1},
        digest=zlib.crc32(b"t|done|medium|3") + zlib.crc32(b"u|cancelled|low|2"),
        stamp=3,
    )
    assert rows["branch", "p", "b"] == branch
    project = rows["project", "p", "p"]
    assert isinstance(project, ProjectSummary)
    assert (project.name, project.total_branches, project.total_tasks, project.digest) == ("P", 1, 2, branch.digest)


def test_a_deleted_row_is_expected_until_it_expires() -> None:
    """Then it may be there or not."""
    events: tuple[dict[str, object], ...] = (
        {"entity": "task", "entity_id": "t", "action": "delete"},
        {"entity": "branch", "entity_id": "b"},
    )
    assert Expected(fold(*events)).rows["task", "p", "t"] == Tombstone(id="t", project_id="p", stamp=0)
    later = Expected(fold(*events, last_ms=MS + TOMBSTONE_MS + 1))
    assert ("task", "p", "t") not in later.rows
    assert later.optional == {("task", "p", "t")}


def test_a_breakdown_shows_sixteen_names_and_sums_to_the_total() -> None:
    """Known names first, then the largest, ties by name; the rest is `other`, which an own status of this name joins."""
    names = Counter({f"own{number:02}": number for number in range(1, 20)})
    names |= Counter({"done": 1, "todo": 1, "never": 0, "other": 30})
    shown = breakdown(names, STATUSES)
    assert len(shown) == 16
    assert {"done", "todo", "other", "own19", "own07"} <= shown.keys()
    assert "own06" not in shown
    assert sum(shown.values()) == names.total()
    assert breakdown(Counter(done=1, todo=0), STATUSES) == {"done": 1}
