"""Records are read again from the contract's words."""

import json

import pytest

from audit.intake import Fact, Poison, Record, canonical, read
from schemas.events import Event, Fields, encode_event

LATE_MS = 1_900_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T10:00:00.123Z", "2026-01-05T10:00:00.123Z"),
        ("2026-01-05T10:00:00.123999Z", "2026-01-05T10:00:00.123Z"),
        ("2026-01-05T10:00:00+02:00", "2026-01-05T08:00:00.000Z"),
        ("2026-01-05T10:00:00", "2026-01-05T10:00:00.000Z"),
        ("2026-01-05", "2026-01-05T00:00:00.000Z"),
        ("2999-01-01T00:00:00Z", "2030-03-17T17:46:40.000Z"),
        ("soon", None),
        ("0001-01-01T00:00:00+05:00", None),
    ],
)
def test_times_are_canonical_and_capped_by_the_records(text: str, expected: str | None) -> None:
    """UTC, milliseconds, 24 characters; without a zone it is UTC."""
    assert canonical(text, LATE_MS) == expected


@pytest.mark.parametrize(("record_ms", "expected"), [(-1, "1970-01-01T00:00:00.000Z"), (2**62, "2026-01-02T00:00:00.000Z")])
def test_a_record_of_no_time_or_of_an_absurd_one_is_read_too(record_ms: int, expected: str) -> None:
    """At the edges of what times can be, as the worker reads it."""
    assert canonical("2026-01-02", record_ms) == expected


def fact(**more: object) -> Fact | Poison:
    """Return what a record with this event says."""
    event = {
        "id": "e",
        "entity": "task",
        "action": "update",
        "project_id": "p",
        "entity_id": "t",
        "occurred_at": "2026-01-01",
        "source": "user",
    }
    return read(Record(0, LATE_MS, b"p", json.dumps({**event, **more}).encode()))


@pytest.mark.parametrize(
    ("more", "branch_id"),
    [
        ({"branch_id": "a", "git_branch_id": "b", "data": {"branch_id": "c"}}, "a"),
        ({"git_branch_id": "b", "data": {"branch_id": "c"}}, "c"),
        ({"git_branch_id": "b"}, "b"),
        ({"data": {"git_branch_id": "d"}}, "d"),
        ({}, None),
    ],
)
def test_a_branch_has_several_names(more: dict[str, object], branch_id: str | None) -> None:
    """The event's own word first, then the payload's, then the aliases."""
    found = fact(**more)
    assert isinstance(found, Fact)
    assert found.branch_id == branch_id


def test_an_alias_is_its_action() -> None:
    """`completed` is a patch to done."""
    found = fact(action="completed", data={"title": "T"})
    assert isinstance(found, Fact)
    assert (found.action, found.fields) == ("patch", {"title": "T", "status": "done"})


def test_many_brackets_in_a_row_are_not_nesting() -> None:
    """Only depth counts, and 32 levels are allowed."""
    assert isinstance(fact(extra=[[]] * 100), Fact)
    assert isinstance(fact(extra=json.loads("[" * 31 + "]" * 31)), Fact)
    assert isinstance(fact(extra=json.loads("[" * 32 + "]" * 32)), Poison)


def test_aliases_of_a_branch_and_foreign_schemas() -> None:
    """A branch may be named by its alias; an event of another schema is poison."""
    event = Event("1", "branch", "create", "p", "b", "2026-01-01T00:00:00.000Z", "user", data=Fields(git_branch_name="Main"))
    fact = read(Record(0, 1, b"p", encode_event(event)))
    assert isinstance(fact, Fact)
    assert fact.fields["name"] == "Main"
    event.schema = 2
    assert isinstance(read(Record(0, 1, b"p", encode_event(event))), Poison)
