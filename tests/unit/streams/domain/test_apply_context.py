"""Contexts."""

from tests.property.streams.world import Store, Worker
from tests.unit.streams.domain.scene import event, plain, record, row, tell, update


def test_a_context_says_what_changed() -> None:
    """Level, version and names of keys; a patch keeps the rest, null and a whole image set defaults."""
    worker = Worker()
    tell(worker, event("context c", data={"level": "branch", "version": 4, "changed": ["a"]}), event("context c", "patch", {"version": 5}))
    assert (row(worker, "context c").level, row(worker, "context c").version, row(worker, "context c").changed) == ("branch", 5, ["a"])
    tell(worker, event("context c", "patch", {"level": None, "version": None, "changed": None}))
    assert (row(worker, "context c").level, row(worker, "context c").version, row(worker, "context c").changed) == ("task", 1, [])
    tell(worker, event("context c", "update", {"level": "project"}), event("context c", "update"))
    assert (row(worker, "context c").level, row(worker, "context c").stamp) == ("task", 4)


def test_a_message_tells_everything_above_that_changed() -> None:
    """A task's context: the task, its branch and project, as whole rows that took the event in."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"))
    (out,) = tell(worker, event("context c", task_id="t", source="user", occurred_at="2026-11-23T11:59:59.000Z"))
    data = update(out).payload.data

    assert plain(data.primary)["task_id"] == "t"
    told = [plain(one) for one in (*data.cascade.tasks, *data.cascade.branches, *data.cascade.projects)]
    assert [(one["id"], one["stamp"]) for one in told] == [("t", 1), ("b", 1), ("p", 1)]


def test_a_context_of_a_branch_or_of_the_project() -> None:
    """Neither needs to be announced; a task does."""
    worker = Worker()
    (first,) = tell(worker, event("context c", branch_id="b", source="user"))
    (second,) = tell(worker, event("context d", source="user"))
    assert tell(worker, event("context e", task_id="t", source="user")) == []

    assert [len(update(one).payload.data.cascade.branches) for one in (first, second)] == [1, 0]
    assert [len(update(one).payload.data.cascade.projects) for one in (first, second)] == [1, 1]
    assert row(worker, "project").stamp == 1


def test_it_goes_with_what_it_belongs_to() -> None:
    """Deleting a task, a branch or a project deletes its contexts; what comes after is dropped. A context that moved away stays."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"), event("task u", branch_id="a"), event("context c", task_id="t"))
    tell(worker, event("context d", branch_id="b"), event("context m", branch_id="b"), event("context m", "patch", task_id="u"))
    tell(worker, event("context n", task_id="t"), event("context n", "update", branch_id="x"), event("branch b", "delete"))

    assert [row(worker, f"context {name}").deleted for name in "cd"] == [True, True]
    assert (row(worker, "context m").task_id, row(worker, "context m").branch_id) == ("u", "a")
    assert (row(worker, "context n").task_id, row(worker, "context n").branch_id) == (None, "x")
    tell(worker, event("context c", task_id="t"), event("context z", branch_id="b"))
    assert row(worker, "context c").stamp == 8
    assert b"context/p/z" not in worker.store.values
    tell(worker, event("context own"), event("project", "delete"))
    assert [row(worker, f"context {name}").deleted for name in ("c", "d", "m", "n", "own")] == [True] * 5


def test_it_moves_with_its_task() -> None:
    """Readers drop what is in a deleted branch by the branch's id, so a context always names the branch that its task is in."""
    worker = Worker()
    tell(worker, event("task t", branch_id="a"), event("context c", task_id="t"), event("task t", "patch", branch_id="b"))

    assert (row(worker, "context c").branch_id, row(worker, "context c").stamp) == ("b", 2)


def test_a_restored_store_finds_them() -> None:
    """The index that a restore makes knows where contexts are and were."""
    worker = Worker()
    tell(worker, event("task t"), event("context c", branch_id="main"), event("context c", "patch", task_id="t"))
    second = Worker(Store(worker.store.values))
    tell(second, event("task t", "delete"))

    assert row(second, "context c").deleted
    assert b"context/p/c" in second.store.children(b"branch/p/main")


def test_a_replay_tells_the_tasks_that_it_had() -> None:
    """Where it is, where it was, and what the event names."""
    log = [event("task t"), event("task u"), event("context c", task_id="t"), event("context c", "patch", task_id="u")]
    worker = Worker()
    tell(worker, *log)
    step = Worker(Store(worker.store.values)).take([record(3, log[3])])
    assert {b"task/p/t", b"task/p/u", b"context/p/c"} <= set(step.rows)

    tell(worker, event("context c", "delete"), event("context x", "delete"))
    step = Worker(Store(worker.store.values)).take([record(2, log[2]), record(4, event("context c", "delete"))])
    assert {b"task/p/t", b"task/p/u", b"context/p/c"} <= set(step.rows)
    assert row(worker, "context x").deleted
