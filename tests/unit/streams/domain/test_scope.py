"""One project inside a step."""

from schemas.rows import BranchSummary, Memory
from schemas.topics import row_key
from streams.domain.node import Node
from streams.domain.scope import Slot, scope_of


def test_keys_are_the_public_keys() -> None:
    """A scope's keys are those of `schemas.topics`, whatever the ids hold."""
    for project_id in ("p", "a/b%", "проект"):
        scope = scope_of(project_id)
        assert scope.key == row_key("project", project_id, project_id)
        assert scope.key_of("task", "t/%1") == row_key("task", project_id, "t/%1")


def test_taking_in_moves_stamp_and_activity() -> None:
    """The stamp is always the newest event's, the activity only grows, and old bytes are dropped."""
    row = BranchSummary(id="b", project_id="p", name="b")
    slot = Slot(b"k", Node(row, Memory(), b"{}"), row)
    slot.take_in(1, "2026-11-23T12:00:00.000Z")
    assert (row.stamp, row.last_activity, slot.node.public) == (1, "2026-11-23T12:00:00.000Z", None)
    slot.take_in(2, "2026-11-23T11:00:00.000Z")
    assert (row.stamp, row.last_activity) == (2, "2026-11-23T12:00:00.000Z")
    slot.take_in(3, "2026-11-23T13:00:00.000Z")
    assert row.last_activity == "2026-11-23T13:00:00.000Z"
