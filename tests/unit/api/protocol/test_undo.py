"""The inverse of a session."""

from typing import Any

import pytest

from api.protocol.receipt import Ledger, Who
from api.protocol.undo import Left, plan_of
from tests.unit.api.protocol.past import BEFORE, event, ledger_of, log_of, past

ANN = (Who("user", "ann"),)


def changes(ledger: Ledger) -> list[tuple[Any, ...]]:
    """Return what is proposed: action, what, condition, and what is set."""
    return [
        (
            one.action,
            f"{one.entity} {one.entity_id}",
            one.if_stamp,
            {
                name: value
                for name in ("title", "status", "assignees", "name")
                if isinstance(value := getattr(one.data, name, None), str | list)
            },
        )
        for one in plan_of(ledger).changes
    ]


def test_only_what_differs_is_set_back() -> None:
    """By a patch that holds for the row as it stands."""
    assert changes(past(*BEFORE, event("task t", status="done", assignees=[]))) == [
        ("patch", "task t", 4, {"status": "todo", "assignees": ["x"]})
    ]


def test_what_was_made_goes_and_takes_what_is_in_it_along() -> None:
    """A branch with its tasks in one delete."""
    made = (event("branch n", "create", name="New"), event("task a", "create", branch_id="n"), event("subtask z", "create", task_id="a"))
    assert changes(past(*BEFORE, *made)) == [("delete", "branch n", 6, {})]
    assert changes(past(*BEFORE, event("task a", "create", branch_id="b"), event("subtask z", "create", task_id="a"))) == [
        ("delete", "task a", 5, {})
    ]


def test_what_was_deleted_comes_back_parents_first() -> None:
    """Each as a create that revives its tombstone."""
    found = changes(past(*BEFORE, event("branch b", "delete")))
    assert [(action, what, stamp) for action, what, stamp, _ in found] == [
        ("create", "branch b", 4),
        ("create", "task d", 4),
        ("create", "task t", 4),
        ("create", "subtask c", 4),
    ]
    assert found[2][3] == {"title": "Old", "status": "todo", "assignees": ["x"]}


def test_a_moved_task_goes_home_before_the_new_branch_goes() -> None:
    """The branch waits for the next plan."""
    plan = plan_of(past(*BEFORE, event("task t", branch_id="n")))
    assert [(one.action, one.entity, one.branch_id) for one in plan.changes] == [("patch", "task", "b")]
    assert plan.left == [Left("branch", "n", "later")]


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([event("task t", title="A"), event("task t", session=None, title="B")], Left("task", "t", "changed-since", ANN)),
        ([event("member m", "create", role="viewer")], Left("member", "m", "kind")),
        ([event("project p", "create", name="Other")], Left("project", "p", "kind")),
        (
            [event("task a", "create", branch_id="b"), event("subtask z", "create", None, task_id="a")],
            Left("task", "a", "others-below", ANN),
        ),
        (
            [event("branch n", "create"), event("task a", "create", None, branch_id="n")],
            Left("branch", "n", "others-below", ANN),
        ),
        (
            [event("branch n", "create"), event("task a", "create", branch_id="n"), event("task a", session=None, title="B")],
            Left("branch", "n", "others-below", ANN),
        ),
        (
            [event("branch n", "create"), event("context x", "create", None, branch_id="n")],
            Left("branch", "n", "others-below", ANN),
        ),
        (
            [event("task a", "create", branch_id="b"), event("context x", "create", None, branch_id="b", task_id="a")],
            Left("task", "a", "others-below", ANN),
        ),
        ([event("task t", "delete"), event("branch b", "delete", None)], Left("task", "t", "parent-deleted")),
        ([event("subtask c", "delete"), event("task t", "delete", None)], Left("subtask", "c", "parent-deleted")),
    ],
    ids=["since", "member", "project", "subtask", "task", "task changed", "context of the branch", "context", "branch gone", "task gone"],
)
def test_what_is_left_alone_says_why_and_who(events: list[dict[str, Any]], left: Left) -> None:
    """Nothing is proposed for it."""
    plan = plan_of(past(*BEFORE, *events))
    assert left in plan.left
    assert (left.entity, left.id) not in {(one.entity, one.entity_id) for one in plan.changes}


def test_a_branch_of_branches_below_is_looked_at_to_the_bottom() -> None:
    """Somebody's subtask two levels below keeps the branch."""
    made = (event("branch n", "create"), event("task a", "create", branch_id="n"), event("subtask z", "create", None, task_id="a"))
    plan = plan_of(past(*BEFORE, *made))
    assert plan.left == [Left("branch", "n", "others-below", ANN), Left("task", "a", "others-below", ANN)]


def test_somebody_without_a_name_is_the_system() -> None:
    """A branch says not who changed it last."""
    made = (event("project p", "create"), event("branch n", "create"), event("member m", "create"))
    assert {one.reason for one in plan_of(past(*made)).left} == {"kind"}


def test_nothing_is_left_to_do_after_it() -> None:
    """Rows that are as they were are not named again, whoever set them back."""
    ledger = past(*BEFORE, event("task t", title="A"), event("task t", session=None, title="Old"))
    assert plan_of(ledger).changes == []
    assert plan_of(ledger).left == []


def test_what_the_log_does_not_know_any_more_is_left() -> None:
    """A patch of a row whose beginning is gone, and a create that may have been one of a row that was there."""
    log = log_of([event("task a", title="x"), event("task n", "create", branch_id="b")], 100)
    plan = plan_of(ledger_of(log, whole=False))
    assert {(one.id, one.reason) for one in plan.left} >= {("a", "past"), ("n", "past")}
    assert plan.changes == []
