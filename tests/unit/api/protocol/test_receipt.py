"""What a session did in the end."""

import pytest

from api.protocol.receipt import Net, Who, added, content, effects, net, sentence
from schemas.rows import Tombstone
from schemas.topics import row_key
from tests.unit.api.protocol.past import BEFORE, event, ledger_of, log_of, past


def test_only_the_net_effect_counts() -> None:
    """Done and reopened again is unchanged; steps on the way leave no trace."""
    ledger = past(
        *BEFORE,
        event("task t", status="done"),
        event("task t", status="todo"),
        event("task d", status="in_progress"),
        event("task n", "create", branch_id="b", status="todo"),
        event("task n", status="done"),
        event("subtask c", title="Other"),
    )
    assert net(ledger) == {"task": Net(created=1, completed=1, reopened=1, unchanged=1), "subtask": Net(changed=1)}
    assert ledger.span.events == 6
    assert (ledger.span.first_offset, ledger.span.last_offset) == (4, 9)


def test_what_a_delete_takes_along_is_the_session_s_too() -> None:
    """A task goes with its subtasks, a branch with its tasks."""
    assert net(past(*BEFORE, event("task t", "delete"))) == {"task": Net(deleted=1), "subtask": Net(deleted=1)}
    assert net(past(*BEFORE, event("branch b", "delete"))) == {
        "branch": Net(deleted=1),
        "task": Net(deleted=2),
        "subtask": Net(deleted=1),
    }


@pytest.mark.parametrize(
    "theirs",
    [
        event("task t", session=None, title="Mine"),
        event("task t", session=None, status="done"),
        event("task t", "delete", None),
        event("branch b", "delete", None),
    ],
    ids=["other field", "the same value", "delete", "delete of the branch"],
)
def test_whoever_changed_a_row_since_is_named(theirs: dict[str, object]) -> None:
    """Also who says again what is there, and whose delete of what it is in took it along."""
    ledger = past(*BEFORE, event("task t", status="done"), theirs)
    assert ledger.touched[row_key("task", "p", "t")].others == [Who("user", "ann")]


def test_what_was_not_applied_changes_nothing() -> None:
    """A late conditional change of another, and its change of a subtask, are none of the task's."""
    late = event("task t", session=None, title="Late", if_stamp=1)
    ledger = past(*BEFORE, event("task t", status="done"), late, event("subtask c", session=None, status="done"))
    assert ledger.touched[row_key("task", "p", "t")].others == []


def test_a_change_within_the_session_s_span_counts_as_another_s() -> None:
    """Between two changes of the session, too."""
    ledger = past(*BEFORE, event("task t", title="A"), event("task t", session=None, title="B"), event("task t", title="C"))
    touched = ledger.touched[row_key("task", "p", "t")]
    assert (touched.others, content("task", touched.after)) == ([Who("user", "ann")], content("task", touched.before) | {"title": "C"})  # type: ignore[operator]


def test_without_the_log_s_beginning_only_what_was_said_in_full_is_sure() -> None:
    """A row that some event stated whole before the session; nothing else."""
    log = log_of(
        [event("task a", "create", None, branch_id="b"), event("task a", title="x"), event("task n", "create", branch_id="b")], 100
    )
    ledger = ledger_of(log, whole=False)
    assert {touched.id: touched.kept for touched in ledger.touched.values() if touched.kind == "task"} == {"a": True, "n": False}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (None, {"status": "done"}, ["created", "completed"]),
        ({"status": "done"}, None, ["deleted"]),
        ({"status": "todo", "branch_id": "a"}, {"status": "done", "branch_id": "b"}, ["completed", "moved"]),
        ({"title": "a"}, {"title": "b"}, ["changed"]),
        ({"title": "a"}, {"title": "a"}, ["unchanged"]),
    ],
)
def test_what_became_of_a_row_is_named(before: dict[str, str] | None, after: dict[str, str] | None, found: list[str]) -> None:
    """By what it was and what it is."""
    assert effects("task", before, after) == found


def test_the_effect_is_told_in_one_line() -> None:
    """Tasks first and without their name; the time in the unit that says most."""
    total = added([{"task": Net(completed=12, reopened=3)}, {"task": Net(created=2), "branch": Net(changed=1), "subtask": Net(deleted=4)}])
    assert sentence(total, 4) == "12 done, 3 reopened, 2 created; branches: 1 changed; subtasks: 4 deleted, in 4 s"
    assert [sentence({}, seconds) for seconds in (None, 90.0, 300.0, 4000.0, 400_000.0)] == [
        "nothing changed in the end",
        "nothing changed in the end, in 90 s",
        "nothing changed in the end, in 5 min",
        "nothing changed in the end, in 1 h 6 min",
        "nothing changed in the end, in 4 days",
    ]


def test_a_deleted_row_has_no_content() -> None:
    """Like one that never was."""
    assert (content("task", None), content("task", Tombstone(id="t", project_id="p"))) == (None, None)


def test_rows_that_are_counted_only_are_none_of_its_business() -> None:
    """Minutes of activity, projects whose counts moved, and what is no kind of row."""
    assert set(net(past(*BEFORE, event("task t", status="done"), event("thing x", "create")))) == {"task"}
