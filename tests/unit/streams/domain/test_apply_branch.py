"""Branch events."""

import pytest

from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, record, row, tell


def test_a_branch_is_announced_and_renamed() -> None:
    """Its name has a default, its counts stay."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"), event("branch b", data={"name": "Feature"}))
    assert (row(worker, "branch b").name, row(worker, "branch b").total_tasks, row(worker, "project").total_branches) == ("Feature", 1, 1)

    tell(worker, event("branch b", "patch", {"archived": True}))
    assert (row(worker, "branch b").name, row(worker, "branch b").archived) == ("Feature", True)
    tell(worker, event("branch b", "update", {"name": None}))
    assert (row(worker, "branch b").name, row(worker, "branch b").archived, row(worker, "branch b").stamp) == ("b", False, 3)
    tell(worker, event("branch b", "patch", {"git_branch_name": "old name"}), event("branch c", data={"git_branch_name": "C"}))
    assert (row(worker, "branch b").name, row(worker, "branch c").name, row(worker, "project").total_branches) == ("old name", "C", 2)


@pytest.mark.parametrize(
    ("action", "data", "archived"),
    [
        ("patch", {"status": "archived"}, True),
        ("patch", {"status": "todo"}, False),
        ("patch", {"archived": False, "status": "archived"}, False),
        ("patch", {"archived": None}, True),
        ("patch", {"name": "x"}, True),
        ("update", {"name": "x"}, False),
        ("update", {"archived": True}, True),
    ],
)
def test_archiving_is_a_flag_or_a_status(action: str, data: dict[str, object], *, archived: bool) -> None:
    """The flag counts first; the status `archived` archives, every other brings back; a patch that says neither changes nothing."""
    worker = Worker()
    tell(worker, event("branch b", data={"archived": True}), event("branch b", action, data))

    assert row(worker, "branch b").archived is archived


def test_a_delete_takes_the_tasks() -> None:
    """Tasks and subtasks become tombstones, the project forgets what was counted, moved tasks stay."""
    worker = Worker()
    tell(worker, event("task t", data={"status": "done"}, branch_id="b"), event("task m", branch_id="b"), event("subtask s", task_id="t"))
    tell(worker, event("task m", "patch", branch_id="c"), event("task u", branch_id="b"), event("branch b", "delete"))

    assert all(row(worker, what).deleted for what in ("branch b", "task t", "task u", "subtask s"))
    assert {row(worker, what).stamp for what in ("branch b", "task t", "task u", "subtask s", "project")} == {5}
    project = row(worker, "project")
    assert (project.total_branches, project.total_tasks, project.completed_tasks, project.total_subtasks) == (1, 1, 0, 0)
    assert project.digest == row(worker, "branch c").digest


def test_a_deleted_branch_is_empty_when_it_comes_back() -> None:
    """Events under it are dropped until a create revives it; its old tasks stay deleted."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"), event("branch b", "delete"))
    assert worker.take([record(2, event("task n", branch_id="b"))]).counts == {"orphan": 1}
    tell(worker, event("branch b", id="again"), event("task t", "update", id="late"), event("task n", branch_id="b", id="n2"))

    assert (row(worker, "branch b").total_tasks, row(worker, "project").total_branches) == (1, 1)
    assert row(worker, "task t").deleted


def test_the_delete_of_an_unknown_branch_is_kept() -> None:
    """It is a tombstone of its own; its project is not made."""
    worker = Worker()
    tell(worker, event("branch b", "delete"))

    assert row(worker, "branch b").deleted
    assert set(worker.store.values) == {b"branch/p/b", b"activity/p/mon-12:00", b"offset/3"}
