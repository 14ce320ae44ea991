"""Project events."""

from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, row, tell


def test_a_project_is_announced_and_renamed() -> None:
    """Its name has a default, its counts stay, and an old name of branches is not its name."""
    worker = Worker()
    tell(worker, event("task t"), event("project", data={"name": "Platform"}), event("project", "patch", {"status": "archived"}))
    assert (row(worker, "project").name, row(worker, "project").archived, row(worker, "project").total_tasks) == ("Platform", True, 1)
    tell(worker, event("project", "update", {"git_branch_name": "no"}))
    assert (row(worker, "project").name, row(worker, "project").archived) == ("p", False)


def test_a_delete_takes_everything() -> None:
    """Branches, tasks, subtasks, contexts and members become tombstones; a branch deleted before keeps its own."""
    worker = Worker()
    things = ["branch b", "task t", "subtask s", "context c", "member m"]
    tell(worker, *(event(what, branch_id="b" if what[0] == "t" else None, task_id="t") for what in things))
    tell(worker, event("branch old", "delete"), event("branch gone"), event("branch gone", "delete"), event("project", "delete"))

    assert {row(worker, what).stamp for what in [*things, "project"]} == {8}
    assert all(row(worker, what).deleted for what in [*things, "project"])
    assert (row(worker, "branch old").stamp, row(worker, "branch gone").stamp) == (5, 7)


def test_a_project_comes_back_empty() -> None:
    """A create revives the project only; its branches stay deleted until they are created again."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"), event("project", "delete"), event("project", id="again"))
    assert (row(worker, "project").total_branches, row(worker, "project").total_tasks, row(worker, "project").digest) == (0, 0, 0)
    assert row(worker, "branch b").deleted

    tell(worker, event("branch b", id="b2"), event("task t", branch_id="b", id="t2"))
    assert (row(worker, "project").total_branches, row(worker, "project").total_tasks) == (1, 1)


def test_the_delete_of_an_unknown_project_is_kept() -> None:
    """It is a tombstone of its own."""
    worker = Worker()
    tell(worker, event("project", "delete"))

    assert row(worker, "project").deleted
