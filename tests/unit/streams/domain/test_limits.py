"""How long the parts of an event may be."""

from typing import Any

import pytest

from streams.domain.limits import broken_limit
from tests.unit.streams.domain.scene import event

LONG_ID = "x" * 129


@pytest.mark.parametrize("name", ["id", "entity_id", "branch_id", "task_id", "origin", "user_id", "session_id", "correlation_id"])
def test_ids_are_short(name: str) -> None:
    """Any id may have 128 characters and not one more."""
    fits: dict[str, Any] = {name: LONG_ID[1:]}
    breaks: dict[str, Any] = {name: LONG_ID}

    assert broken_limit(event("task t", **fits)) is None
    assert broken_limit(event("task t", **breaks)) is not None


@pytest.mark.parametrize(
    ("name", "fits", "breaks"),
    [
        ("status", "x" * 64, "x" * 65),
        ("priority", "x" * 64, "x" * 65),
        ("level", "x" * 64, "x" * 65),
        ("role", "x" * 64, "x" * 65),
        ("title", "x" * 2000, "x" * 2001),
        ("name", "x" * 2000, "x" * 2001),
        ("parent_id", "x" * 128, LONG_ID),
        ("git_branch_name", "x" * 128, LONG_ID),
        ("assignees", ["x" * 128] * 1000, ["x"] * 1001),
        ("labels", [], [LONG_ID]),
        ("version", 2**63 - 1, 2**63),
    ],
)
def test_fields_are_short(name: str, fits: Any, breaks: Any) -> None:  # noqa: ANN401  because fields differ
    """The payload keeps the public contract's limits."""
    assert broken_limit(event("task t", data={name: fits})) is None
    assert broken_limit(event("task t", data={name: breaks})) is not None


def test_a_name_does_not_hide_a_title() -> None:
    """Title and name are both looked at."""
    assert broken_limit(event("task t", data={"title": "short", "name": "x" * 2001})) is not None
    assert broken_limit(event("task t", data={"name": "short", "title": "x" * 2001})) is not None


def test_versions_have_64_bits() -> None:
    """A larger number could not be written again."""
    assert broken_limit(event("task t", version=2**63 - 1)) is None
    assert broken_limit(event("task t", version=-(2**63) - 5)) is not None
