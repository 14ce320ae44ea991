"""The public contract of an event: what a producer may and may not write."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.contract import TaskChange

GOOD: dict[str, Any] = {
    "id": "0199c0de-0000-7000-8000-000000000001",
    "entity": "task",
    "action": "create",
    "project_id": "p",
    "entity_id": "t",
    "occurred_at": "2026-02-28T03:55:36.000Z",
    "source": "mcp-ai",
    "data": {"title": "Write", "branch_id": "main"},
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"action": "completed"},
        {"occurred_at": "2026-02-28T03:55:36"},
        {"occurred_at": "2026-02-28T03:55:36+02:00"},
        {"colour": "red"},
        {"data": None},
        {"project_id": "p" * 128},
    ],
)
def test_what_a_producer_may_write(change: dict[str, Any]) -> None:
    """Aliases of an action, times with or without zone, unknown fields."""
    assert TaskChange.model_validate(GOOD | change).entity_id == "t"


@pytest.mark.parametrize(
    "change",
    [
        {"entity": "colour"},
        {"action": "paint"},
        {"action": 7},
        {"source": "robot"},
        {"project_id": ""},
        {"project_id": "p" * 129},
        {"occurred_at": "yesterday at noon"},
        {"occurred_at": 1795432100000},
        {"occurred_at": "0001-01-01T00:00:00+14:00"},
        {"entity": "project"},
        {"if_stamp": 2**63},
        {"schema": 2},
        {"version": -1},
        {"data": {"progress_percentage": 101}},
        {"data": {"title": "x" * 2001}},
        {"data": {"labels": [""]}},
    ],
)
def test_what_a_producer_may_not_write(change: dict[str, Any]) -> None:
    """Unknown words, empty or long ids, times that are none, numbers out of range."""
    with pytest.raises(ValidationError):
        TaskChange.model_validate(GOOD | change)


def test_an_alias_of_an_action_has_one_name_inside() -> None:
    """Whoever reads the model sees the four actions only."""
    assert TaskChange.model_validate(GOOD | {"action": "deleted"}).action == "delete"
