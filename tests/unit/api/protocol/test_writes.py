"""From a request to an event: who, from where, and what is wrong with it."""

from typing import Any

import pytest
from msgspec import convert

from api.protocol.access import Principal, Standing
from api.protocol.requests import ChangeRequest
from api.protocol.writes import Fill, Write, write_of
from schemas.events import decode_event
from schemas.problems import Problem
from schemas.topics import MAX_ID_CHARS, MAX_NAMES
from tests.unit.api.protocol.fakes import FakeRows

FILL = Fill("new-id", "2026-11-23T00:00:00.000Z")
USER = Principal("u", frozenset({"p"}))
PROGRAM = Principal("robot", frozenset({"*"}), frozenset({"source"}))
ADMIN = Principal("root", frozenset({"*"}), frozenset({"admin"}))
LONG = ["\x01" * MAX_ID_CHARS] * MAX_NAMES
"""Long once it is JSON: each character takes six bytes."""
TASK: dict[str, Any] = {"entity": "task", "action": "create", "project_id": "p", "entity_id": "t", "branch_id": "b"}


def write(principal: Principal = USER, members: FakeRows | None = None, **fields: object) -> Write | Problem:
    """Return what becomes of a task's creation with these fields set."""
    return write_of(convert(TASK | fields, ChangeRequest), principal, members or FakeRows(), FILL)


def test_what_is_missing_is_filled_in() -> None:
    """The id, the time, the user, the source and the correlation id; the bytes are the event's."""
    made = write()
    assert isinstance(made, Write)
    assert decode_event(made.value) == made.event
    assert (made.event.id, made.event.occurred_at, made.event.correlation_id) == ("new-id", FILL.now, "new-id")
    assert (made.event.user_id, made.event.source) == ("u", "user")


def test_what_was_given_is_kept() -> None:
    """An own id is the idempotency key, and the correlation id unless there is another."""
    made = write(id="mine", occurred_at="2026-01-01T00:00:00Z", correlation_id="c", if_stamp=4, data={"title": "T"})
    assert isinstance(made, Write)
    assert (made.event.id, made.event.correlation_id, made.event.if_stamp) == ("mine", "c", 4)
    assert made.event.data is not None
    assert made.event.data.title == "T"
    own = write(id="mine")
    assert isinstance(own, Write)
    assert own.event.correlation_id == "mine"


def test_a_delete_carries_nothing() -> None:
    """Whatever the request held."""
    made = write(action="deleted", data={"title": "T"})
    assert isinstance(made, Write)
    assert made.event.data is None


@pytest.mark.parametrize(
    ("principal", "wanted", "source"),
    [
        (USER, "mcp-ai", "user"),
        (USER, None, "user"),
        (PROGRAM, "mcp-ai", "mcp-ai"),
        (PROGRAM, "nonsense", "user"),
        (PROGRAM, None, "user"),
        (ADMIN, "system", "system"),
    ],
)
def test_only_some_tokens_set_the_source(principal: Principal, wanted: str | None, source: str) -> None:
    """A person's payload never makes a program of it."""
    made = write(principal, source=wanted)
    assert isinstance(made, Write)
    assert made.event.source == source


@pytest.mark.parametrize(
    ("fields", "code", "word"),
    [
        ({"project_id": "q"}, "unknown-project", "q"),
        ({"user_id": "v"}, "forbidden", "user_id"),
        ({"entity": "cat"}, "invalid-change", "entity"),
        ({"action": "explode"}, "invalid-change", "action"),
        ({"entity_id": ""}, "invalid-change", "entity_id"),
        ({"entity_id": "x" * 129}, "invalid-change", "entity_id"),
        ({"id": "a\nb"}, "invalid-change", "id"),
        ({"schema": 2}, "invalid-change", "schema"),
        ({"occurred_at": "yesterday"}, "invalid-change", "occurred_at"),
        ({"branch_id": None}, "invalid-change", "branch_id"),
        ({"entity": "subtask"}, "invalid-change", "task_id"),
        ({"data": dict.fromkeys(["assignees", "labels", "dependencies", "changed"], LONG)}, "too-large", "bytes"),
    ],
)
def test_each_mistake_is_named(fields: dict[str, object], code: str, word: str) -> None:
    """With the code of the catalogue and the field's name."""
    problem = write_of(convert(TASK | fields, ChangeRequest), USER, FakeRows(), FILL)
    assert isinstance(problem, Problem)
    assert problem.type.code == code
    assert word in "; ".join((*problem.errors, problem.detail))


def test_a_parent_may_be_named_in_any_of_its_places() -> None:
    """Beside the fields or among them, under its name or the producers' own; a patch needs none."""
    assert isinstance(write(branch_id=None, data={"branch_id": "b"}), Write)
    assert isinstance(write(branch_id=None, git_branch_id="b"), Write)
    assert isinstance(write(branch_id=None, data={"git_branch_id": "b"}), Write)
    assert isinstance(write(branch_id=None, action="patch"), Write)
    assert isinstance(write(entity="subtask", data={"task_id": "t"}), Write)
    assert isinstance(write(entity="subtask", task_id="t"), Write)
    assert isinstance(write(entity="branch", branch_id=None), Write)


def test_an_admin_acts_for_others() -> None:
    """And the event says for whom."""
    made = write(ADMIN, user_id="v")
    assert isinstance(made, Write)
    assert made.event.user_id == "v"


@pytest.mark.parametrize(
    ("standing", "fields", "code"),
    [
        (Standing.VIEWER, {}, "forbidden"),
        (Standing.REMOVED, {}, "unknown-project"),
        (Standing.EDITOR, {}, None),
        (Standing.EDITOR, {"entity": "member", "entity_id": "v"}, "forbidden"),
        (Standing.EDITOR, {"entity": "project", "entity_id": "p", "action": "deleted"}, "forbidden"),
        (Standing.EDITOR, {"entity": "project", "entity_id": "p", "action": "patch"}, None),
        (Standing.OWNER, {"entity": "member", "entity_id": "v"}, None),
        (Standing.OWNER, {"entity": "project", "entity_id": "p", "action": "delete"}, None),
    ],
)
def test_a_role_says_what_may_be_written(standing: Standing, fields: dict[str, object], code: str | None) -> None:
    """Viewers write nothing; members and the end of a project are the owners' business; who may not read is told of nothing."""
    members = FakeRows()
    members.standings["p", "u"] = standing
    made = write(USER, members, **fields)
    assert (made.type.code if isinstance(made, Problem) else None) == code
