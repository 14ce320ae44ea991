"""Subtask events."""

import pytest

from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, record, row, tell


def counts(worker: Worker, what: str) -> tuple[int, int]:
    """Return total and completed subtasks."""
    found = row(worker, what)
    return found.total_subtasks, found.completed_subtasks


def with_task() -> Worker:
    """Return a worker that knows two tasks in two branches."""
    worker = Worker()
    tell(worker, event("task t", branch_id="a"), event("task u", branch_id="b"))
    return worker


def test_a_subtask_counts_in_its_task_branch_and_project() -> None:
    """Insert, complete, reopen, delete: three counts move together, and all rows take the event in."""
    worker = with_task()
    steps = [
        (event("subtask s", task_id="t"), (1, 0)),
        (event("subtask s", "completed"), (1, 1)),
        (event("subtask s", "patch", {"title": "x"}), (1, 1)),
        (event("subtask s", "update", {"status": "todo"}), (1, 0)),
        (event("subtask s", "delete"), (0, 0)),
    ]
    for offset, (one, expected) in enumerate(steps, 2):
        tell(worker, one)
        assert {counts(worker, what) for what in ("task t", "branch a", "project")} == {expected}
        assert {row(worker, what).stamp for what in ("task t", "branch a", "project", "subtask s")} == {offset}
    assert row(worker, "subtask s").deleted


def test_a_patch_changes_what_it_sets() -> None:
    """Exactly the set fields change; null sets the default."""
    worker = with_task()
    full = {"title": "x", "status": "review", "assignees": ["@a"], "progress_percentage": 10.0}
    tell(worker, event("subtask s", data=full, task_id="t"), event("subtask s", "patch"))
    before = row(worker, "subtask s")
    assert (before.title, before.status, before.assignees, before.progress_percentage) == ("x", "review", ("@a",), 10.0)

    tell(worker, event("subtask s", "patch", dict.fromkeys(full)))
    after = row(worker, "subtask s")
    assert (after.title, after.status, after.assignees, after.progress_percentage) == ("", "todo", (), None)


def test_a_move_changes_both_tasks() -> None:
    """The subtask leaves one task and enters the other, branches too, and remembers where it was."""
    worker = with_task()
    tell(worker, event("subtask s", data={"status": "done"}, task_id="t"), event("subtask s", "patch", task_id="u"))

    assert (counts(worker, "task t"), counts(worker, "branch a")) == ((0, 0), (0, 0))
    assert (counts(worker, "task u"), counts(worker, "branch b"), counts(worker, "project")) == ((1, 1), (1, 1), (1, 1))
    assert row(worker, "subtask s").branch_id == "b"
    node = worker.store.get(b"subtask/p/s")
    assert node is not None
    assert node.memory.former == ("t",)


@pytest.mark.parametrize(("task_id", "reason"), [(None, "unknown"), ("never", "orphan"), ("gone", "orphan")])
def test_a_subtask_needs_a_live_task(task_id: str | None, reason: str) -> None:
    """Without one it is dropped and counted."""
    worker = with_task()
    tell(worker, event("task gone"), event("task gone", "delete"))
    result = worker.take([record(4, event("subtask s", task_id=task_id))])

    assert result.counts == {reason: 1}
    assert set(result.rows) == set()


def test_the_delete_of_an_unknown_subtask_is_kept() -> None:
    """It is a tombstone of its own that remembers the task it named."""
    worker = Worker()
    tell(worker, event("subtask s", "delete", task_id="t"), event("subtask r", "delete"))

    node = worker.store.get(b"subtask/p/s")
    assert node is not None
    assert (node.deleted, node.memory.former) == (True, ("t",))
    assert row(worker, "subtask r").deleted
