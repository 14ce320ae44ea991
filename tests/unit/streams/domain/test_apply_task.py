"""Task events."""

import pytest

from schemas.words import MAX_WORDS
from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import NOON, NOON_MS, event, plain, record, row, tell, update

FULL = {
    "title": "Fix",
    "status": "done",
    "priority": "low",
    "assignees": ["@a"],
    "labels": ["l"],
    "dependencies": ["d"],
    "parent_id": "e",
    "progress_percentage": 40.0,
}


def test_a_task_begins_its_branch_and_project() -> None:
    """What was never announced exists from its first task on; a task without a branch is in main."""
    worker = Worker()
    tell(worker, event("task t"))

    assert row(worker, "task t").branch_id == "main"
    assert (row(worker, "branch main").name, row(worker, "branch main").total_tasks) == ("main", 1)
    assert (row(worker, "project").total_branches, row(worker, "project").total_tasks) == (1, 1)


@pytest.mark.parametrize("action", ["create", "update"])
def test_a_whole_image_replaces_everything(action: str) -> None:
    """Fields that are absent or null have their default; counts, branch and newest activity stay."""
    worker = Worker()
    tell(worker, event("task t", data=FULL, branch_id="b"), event("subtask s", task_id="t"))
    tell(worker, event("task t", action, {"status": None}, occurred_at="2026-11-01", session_id="s"))

    task = row(worker, "task t")
    assert (task.title, task.status, task.priority, task.assignees, task.parent_id) == ("", "todo", "medium", (), None)
    assert (task.branch_id, task.total_subtasks, task.last_activity, task.stamp) == ("b", 1, NOON, 2)
    assert (task.last_actor.source, task.last_actor.session_id) == ("mcp-ai", "s")
    assert row(worker, "branch b").status_breakdown == {"todo": 1}


def test_a_patch_changes_what_it_sets() -> None:
    """Exactly the set fields change; null sets the default."""
    worker = Worker()
    tell(
        worker,
        event("task t", data=FULL, branch_id="b"),
        event("task t", "patch", {"title": "New", "labels": None, "progress_percentage": None}),
    )
    task = row(worker, "task t")
    assert (task.title, task.labels, task.progress_percentage) == ("New", (), None)
    assert (task.status, task.priority, task.assignees, task.dependencies, task.parent_id) == ("done", "low", ("@a",), ("d",), "e")

    tell(worker, event("task t", "patch", {"title": None, "status": None, "priority": None, "parent_id": None, "dependencies": ["x"]}))
    task = row(worker, "task t")
    assert (task.title, task.status, task.priority, task.parent_id, task.dependencies) == ("", "todo", "medium", None, ("x",))


def test_an_empty_patch_is_activity() -> None:
    """A patch without fields changes only who and when."""
    worker = Worker()
    tell(worker, event("task t", data=FULL), event("task t", "patch", user_id="u", occurred_at="2026-11-23T11:00:00Z"))

    assert (row(worker, "task t").title, row(worker, "task t").last_actor.user_id, row(worker, "task t").stamp) == ("Fix", "u", 1)


def test_an_event_is_never_newer_than_its_record() -> None:
    """A clock that goes ahead is capped by the record's time."""
    worker = Worker()
    worker.take([record(0, event("task t", occurred_at="2030-01-01"), NOON_MS)])

    assert row(worker, "task t").last_activity == row(worker, "project").last_activity == NOON


def test_a_move_takes_everything_along() -> None:
    """Both branches change, the project's totals do not, and the subtasks follow."""
    worker = Worker()
    tell(
        worker,
        event("task t", data=FULL, branch_id="a"),
        event("subtask s", data={"status": "done"}, task_id="t"),
        event("subtask r", task_id="t"),
    )
    tell(worker, event("subtask r", "delete"), event("task t", "patch", branch_id="b"))

    left, entered, project = row(worker, "branch a"), row(worker, "branch b"), row(worker, "project")
    assert (left.total_tasks, left.total_subtasks, left.digest, left.status_breakdown) == (0, 0, 0, {})
    assert (entered.total_tasks, entered.completed_subtasks, entered.status_breakdown) == (1, 1, {"done": 1})
    assert project.digest == entered.digest != 0
    assert (project.total_tasks, project.total_branches) == (1, 2)
    assert (row(worker, "subtask s").branch_id, row(worker, "subtask s").stamp) == ("b", 4)
    assert {left.stamp, entered.stamp, project.stamp} == {4}


def test_nothing_moves_into_a_deleted_branch() -> None:
    """The event is dropped as a whole, and the task stays where it is."""
    worker = Worker()
    tell(worker, event("task t", branch_id="a"), event("branch b", "delete"))
    result = worker.take([record(2, event("task t", "update", {"status": "done"}, branch_id="b"))])

    assert result.counts == {"orphan": 1}
    assert (row(worker, "task t").branch_id, row(worker, "task t").status) == ("a", "todo")


def test_a_delete_takes_the_subtasks() -> None:
    """The task and its subtasks become tombstones, the counts go down, a moved subtask stays."""
    worker = Worker()
    tell(
        worker,
        event("task t", branch_id="a"),
        event("task u", branch_id="a"),
        event("subtask s", task_id="t"),
        event("subtask m", task_id="t"),
    )
    tell(worker, event("subtask m", "patch", task_id="u"), event("task t", "delete"))

    assert row(worker, "task t").deleted
    assert row(worker, "subtask s").deleted
    assert row(worker, "subtask m").task_id == "u"
    assert (row(worker, "branch a").total_tasks, row(worker, "branch a").total_subtasks) == (1, 1)
    assert row(worker, "branch a").stamp == 5


def test_the_delete_of_an_unknown_task_is_kept() -> None:
    """It is a tombstone of its own, so that a late update stays out; nothing above is made."""
    worker = Worker()
    tell(worker, event("task t", "delete"), event("task t", "update"))

    assert row(worker, "task t").stamp == 0
    assert set(worker.store.values) == {b"task/p/t", b"activity/p/mon-12:00", b"offset/3"}


def test_a_parent_task_travels_with_its_tasks() -> None:
    """As it is: nothing in it changes. One that does not exist is left out."""
    worker = Worker()
    tell(worker, event("task top"))
    (made,) = tell(worker, event("task t", data={"parent_id": "top"}, source="user"))
    (changed,) = tell(worker, event("task t", "patch", {"title": "x"}, source="user"))
    (gone,) = tell(worker, event("task t", "delete", source="user"))
    (alone,) = tell(worker, event("task u", data={"parent_id": "nobody"}, source="user"))

    told = [[plain(one)["id"] for one in update(out).payload.data.cascade.tasks] for out in (made, changed, gone, alone)]
    assert told == [["top"], ["top"], ["top"], []]
    assert row(worker, "task top").stamp == 0


@pytest.mark.parametrize("kind", ["status", "priority"])
def test_a_project_takes_only_so_many_words(kind: str) -> None:
    """All of them stand in its row. Known ones are always welcome, and one more when another has gone."""
    worker = Worker()
    tell(worker, *(event(f"task t{number}", data={kind: f"own-{number}"}) for number in range(MAX_WORDS)))
    known = {"status": "done", "priority": "low"}[kind]
    more = [event("task x", data={kind: "one more"}), event("task y", data={kind: known}), event("task z", data={kind: "own-7"})]
    counts = worker.take([record(MAX_WORDS + number, one) for number, one in enumerate(more)]).counts
    assert counts == {"crowded": 1, "applied": 2}
    tell(worker, event("task t0", "delete"), event("task y", "delete"), event("task x", "update", {kind: "one more"}))
    assert row(worker, "project").total_tasks == MAX_WORDS + 1
