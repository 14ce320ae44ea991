"""Which lines are events."""

import json

import pytest

from connectors.lines import Lines, Refusal, judge
from schemas.events import Event
from schemas.topics import MAX_EVENT_BYTES

GOOD = {
    "id": "1",
    "entity": "task",
    "action": "create",
    "project_id": "p",
    "entity_id": "t",
    "occurred_at": "2026-01-01T00:00:00Z",
    "source": "user",
    "data": {"title": "T", "branch_id": "b"},
}


def line(**fields: object) -> bytes:
    """Return a good line with other fields."""
    return json.dumps({**GOOD, **fields}).encode()


@pytest.mark.parametrize("action", ["create", "patch", "delete", "completed"])
def test_a_line_of_the_contract_is_its_event(action: str) -> None:
    """Aliases of actions are the worker's to read; the line keeps them."""
    found = judge(1, line(action=action))
    assert isinstance(found, Event)
    assert (found.action, found.entity_id) == (action, "t")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"<<<<<<< HEAD", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not an event"),
        (b"[" * 100_000, "not"),
        (line(project_id=""), "not an event"),
        (line(entity="plan"), "entity: "),
        (line(action="burn"), "action: "),
        (line(occurred_at="yesterday!"), "occurred_at: "),
        (line(schema=2), "schema: "),
        (line(entity="project"), "the entity_id of a project is its project_id"),
        (line(data={"progress_percentage": 101}), "data.progress_percentage: "),
        (line(data={"progress_percentage": float("nan")}), "not JSON"),
        (line(note="x" * MAX_EVENT_BYTES), "it is longer than"),
    ],
)
def test_a_line_that_breaks_the_contract_says_where(text: bytes, reason: str) -> None:
    """The reason names the field; the text is only the beginning."""
    found = judge(7, text)
    assert isinstance(found, Refusal)
    assert found.line == 7
    assert found.reason.startswith(reason)
    assert len(found.text) <= 60


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_do_not_depend_on_the_cuts(size: int) -> None:
    """However a stream arrives, its lines and their numbers are the same; empty lines count but are not given."""
    text = b"a\r\n\n  bc \nd"
    lines = Lines()
    found = [one for start in range(0, len(text), size) for one in lines.feed(text[start : start + size])]
    assert [*found, *lines.feed(b"")] == [(1, b"a"), (3, b"bc"), (4, b"d")]


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    """Only as much is kept as tells that it is too long; the line after it is read as ever."""
    lines = Lines()
    for _ in range(4):
        assert lines.feed(b"x" * MAX_EVENT_BYTES) == []
    (first, second) = lines.feed(b"\na\n")
    assert first == (1, b"x" * (MAX_EVENT_BYTES + 1))
    assert second == (2, b"a")


def test_what_hides_behind_blanks_is_not_cut_off() -> None:
    """A good event with blanks and more behind it is one line that is too long, however it arrives."""
    text = line() + b" " * MAX_EVENT_BYTES + b"more"
    lines = Lines()
    assert lines.feed(text) == []
    ((number, found),) = lines.feed(b"\n")
    assert isinstance(judge(number, found), Refusal)
