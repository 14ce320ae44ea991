"""What a narrowed token may write."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from api.protocol.access import Action, Grants, Principal
from api.protocol.requests import ChangeRequest
from api.protocol.writes import Fill, Write, write_of
from schemas.problems import Problem
from tests.unit.api.protocol.fakes import FakeRows

FILL = Fill("new-id", "2026-11-23T00:00:00.000Z")
IN_B = Grants(branches=frozenset({"b", "c"}))


def rows() -> FakeRows:
    """Return a project with a task in a branch, one in another, and one that is deleted."""
    found = FakeRows()
    found.places |= {("p", "mine"): ("b", 7), ("p", "other"): ("x", 8), ("p", "gone"): ("", 9)}
    return found


def write(grants: Grants, needs: Action | None = None, **fields: object) -> Write | Problem:
    """Return what becomes of a change with such a token."""
    request = convert({"entity": "task", "action": "patch", "project_id": "p", "entity_id": "mine"} | fields, ChangeRequest)
    return write_of(request, Principal("agent", frozenset({"p"}), grants=grants), rows(), FILL, needs)


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({}, 7),
        ({"if_stamp": 3}, 3),
        ({"branch_id": "c"}, 7),
        ({"data": {"branch_id": "c"}}, 7),
        ({"action": "delete"}, 7),
        ({"action": "create", "entity_id": "new", "branch_id": "b"}, None),
        ({"action": "create", "entity_id": "gone", "branch_id": "b"}, 9),
    ],
)
def test_a_change_stays_in_the_token_s_branches(fields: dict[str, Any], condition: int | None) -> None:
    """And holds only for the task as it was seen there, so that nobody's move is overtaken."""
    made = write(IN_B, **fields)
    assert isinstance(made, Write)
    assert made.event.if_stamp == condition


@pytest.mark.parametrize(
    "fields",
    [
        {"entity_id": "other"},
        {"entity_id": "other", "branch_id": "b"},
        {"entity_id": "unknown"},
        {"entity_id": "gone"},
        {"branch_id": "x"},
        {"git_branch_id": "x"},
        {"data": {"branch_id": "x"}},
        {"data": {"git_branch_id": "x"}},
        {"branch_id": "b", "data": {"branch_id": "x"}},
        {"entity": "branch", "entity_id": "b"},
        {"entity": "subtask", "entity_id": "s", "task_id": "mine"},
        {"entity": "project", "entity_id": "p"},
    ],
)
def test_nothing_else_is_written(fields: dict[str, Any]) -> None:
    """Neither another branch's task, nor a move to or from one, nor what is no task."""
    refused = write(IN_B, **fields)
    assert isinstance(refused, Problem)
    assert refused.type.code == "forbidden"


def test_entities_session_and_source_hold_whatever_is_asked() -> None:
    """What a request says otherwise is refused, and what it leaves out is filled in."""
    grants = Grants(entities=frozenset({"task"}), session_id="run-1", source="mcp-ai")
    made = write(grants, source="user")
    assert isinstance(made, Write)
    assert (made.event.session_id, made.event.source, made.event.if_stamp) == ("run-1", "mcp-ai", None)
    assert isinstance(write(grants, session_id="run-2"), Problem)
    assert isinstance(write(grants, entity="branch", entity_id="b"), Problem)
    free = write(Grants(), session_id="own")
    assert isinstance(free, Write)
    assert free.event.session_id == "own"


@pytest.mark.parametrize(
    ("actions", "needs", "taken"),
    [
        ({Action.READ, Action.CLAIM}, Action.CLAIM, True),
        ({Action.READ, Action.CLAIM}, None, False),
        ({Action.READ}, Action.CLAIM, False),
    ],
)
def test_who_may_claim_need_not_be_able_to_write(actions: set[Action], needs: Action | None, *, taken: bool) -> None:
    """A claim is the one change that such a token makes."""
    assert isinstance(write(Grants(frozenset(actions)), needs), Write) is taken


@given(
    st.tuples(
        st.sampled_from(["task", "branch", "subtask"]),
        st.sampled_from(["create", "update", "patch", "delete"]),
        st.sampled_from(["mine", "other", "gone", "unknown"]),
        *[st.sampled_from([None, "b", "c", "x"])] * 4,
    )
)
def test_no_spelling_of_a_branch_leaves_it(asked: tuple[Any, ...]) -> None:
    """What is let through is a task of one of the branches or a new one in it, and names no other branch anywhere."""
    entity, action, entity_id, one, two, three, four = asked
    data = {name: value for name, value in (("branch_id", three), ("git_branch_id", four)) if value}
    made = write(IN_B, entity=entity, action=action, entity_id=entity_id, branch_id=one, git_branch_id=two, data=data, task_id="mine")
    if isinstance(made, Write):
        assert entity == "task"
        assert "x" not in {one, two, three, four}
        assert entity_id != "other"
        assert (made.event.if_stamp is None) == (entity_id == "unknown")
