"""What a caller may ask of a table, and what it is told otherwise."""

import json
from base64 import urlsafe_b64encode

import pytest

from api.protocol.views import Asked, Wish, asked_of, cursor_of
from schemas.problems import Problem
from schemas.rows import ActivityRow, BranchSummary
from schemas.tables import ACTIVITY, BRANCHES, TASKS, Table


def asked(table: Table = BRANCHES, **wish: object) -> Asked:
    """Return a question that is none wrong."""
    found = asked_of(table, Wish(**wish))  # type: ignore[arg-type]  # tests name what they need
    assert isinstance(found, Asked)
    return found


def wrong(table: Table = BRANCHES, **wish: object) -> str:
    """Return what is wrong with a question, in one text."""
    found = asked_of(table, Wish(**wish))  # type: ignore[arg-type]  # tests name what they need
    assert isinstance(found, Problem)
    assert found.type.code == "invalid-request"
    return " / ".join(found.errors)


def cursor(*parts: object) -> str:
    """Return a cursor with any content."""
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_without_wishes_it_is_the_table() -> None:
    """All columns, no conditions, by the key."""
    found = asked()
    assert (found.columns, found.conditions, found.order.column, found.after, found.limit) == (BRANCHES.columns, (), None, None, 1000)


def test_columns_come_in_the_order_that_was_asked_for() -> None:
    """Each once and by its name."""
    assert [column.name for column in asked(columns="name, branch_id").columns] == ["name", "branch_id"]
    assert "'nme' is none of branch_id, project_id" in wrong(columns="nme")
    assert "each column once" in wrong(columns="name,name")


@pytest.mark.parametrize(
    ("table", "text", "values"),
    [
        (BRANCHES, "name=main", ("main",)),
        (BRANCHES, "name=a|b", ("a", "b")),
        (BRANCHES, "name~a|b", ("a|b",)),
        (BRANCHES, "name!=", ("",)),
        (BRANCHES, "total_tasks>=5", (5,)),
        (BRANCHES, "archived=true", (True,)),
        (BRANCHES, "priority_breakdown.high>1", (1,)),
        (BRANCHES, "last_activity<2026-11-01", ("2026-11-01T00:00:00.000Z",)),
        (BRANCHES, "last_activity<=2026-11-01T10:00:00+02:00", ("2026-11-01T08:00:00.000Z",)),
        (TASKS, "progress_percentage<99.5", (99.5,)),
        (TASKS, "assignees~ann", ("ann",)),
        (TASKS, "assignees!=ann|bob", ("ann", "bob")),
        (TASKS, "title=a=b", ("a=b",)),
    ],
)
def test_conditions_are_read_by_the_type_of_their_column(table: Table, text: str, values: tuple[object, ...]) -> None:
    """Times in any form of ISO 8601, several values for equality."""
    (condition,) = asked(table, where=(text,)).conditions
    assert condition.values == values


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name", "is no <column><operator><value>"),
        ("nme=1", "none of"),
        ("total_tasks=many", "of type integer, not 'many'"),
        ("archived=yes", "of type boolean"),
        ("last_activity>soon", "of type time"),
        ("last_activity>0001-01-01T00:00:00+14:00", "of type time"),
        ("priority_breakdown>1", "priority_breakdown.<name> is a count"),
        ("name.high=1", "name has no parts"),
        ("total_tasks~1", "total_tasks holds no text"),
    ],
)
def test_wrong_conditions_say_what_fits(text: str, sentence: str) -> None:
    """The column, its type, its operators."""
    assert sentence in wrong(where=(text,))


@pytest.mark.parametrize("text", ["progress_percentage>nan", "progress_percentage>1e999", "assignees=ann"])
def test_wrong_conditions_on_tasks(text: str) -> None:
    """No number that is none; lists only by their entries."""
    assert wrong(TASKS, where=(text,))


def test_all_that_is_wrong_is_said_at_once() -> None:
    """By parameter."""
    found = wrong(columns="x", where=("y=1", "z"), sort="priority_breakdown")
    assert [part.split(":")[0] for part in found.split(" / ")] == ["columns", "where", "where", "sort"]
    assert "has no order" in found


MADE_UP = (
    cursor(),
    cursor("name"),
    cursor("name", 5, "p", "b"),
    cursor("name", "x", "p"),
    cursor("name", "x", 1, 2),
    "bnVsbA",
    "e30",
)


def test_a_cursor_leads_on_in_its_order_only() -> None:
    """It holds the row's value and key; made up or of another order it is refused."""
    row = BranchSummary(id="b", project_id="p", name="main", total_tasks=5)
    for sort, value in ((None, None), ("-total_tasks", 5), ("last_activity", None), ("name", "main"), ("archived", False)):
        found = asked(sort=sort, after=cursor_of(asked(sort=sort), row))
        assert found.after is not None
        assert (found.after.value, found.after.key) == (value, ("p", "b"))
    own = cursor_of(asked(sort="name"), row)
    for sort in (None, "-name", "total_tasks"):
        assert "another order" in wrong(sort=sort, after=own)
    assert wrong(sort="name", after="!").startswith("after: take it from `next`")
    for after in MADE_UP:
        assert wrong(sort="name", after=after).startswith("after: ")
    made_up: tuple[tuple[str, object], ...] = (("total_tasks", "5"), ("total_tasks", [5]), ("archived", "x"))
    for column, made in made_up:
        assert wrong(sort=column, after=cursor(column, made, "p", "b"))
    assert wrong(TASKS, sort="progress_percentage", after=cursor("progress_percentage", "x", "p", "t"))
    assert asked(TASKS, sort="progress_percentage", after=cursor("progress_percentage", 5, "p", "t")).after
    minute = ActivityRow(id="wed-10:00", project_id="p", minute="2026-11-25T10:00:00.000Z", events=3)
    assert asked(ACTIVITY, sort="-events", after=cursor_of(asked(ACTIVITY, sort="-events"), minute)).after
