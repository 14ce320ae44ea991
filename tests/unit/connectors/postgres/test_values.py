"""PostgreSQL's texts become our values."""

import pytest
from msgspec import UNSET

from connectors.postgres.pgoutput import UNCHANGED, Row
from connectors.postgres.values import fields_of, list_of, text_of, time_ms
from schemas.events import Fields

DEFAULT_MS = 5


def test_every_field_is_read_as_what_it_is() -> None:
    """Titles are cut, words are translated, truths and lists are read, numbers stay within their bounds."""
    row: Row = {
        "a": "x" * 300,
        "b": "OPEN",
        "c": "t",
        "d": '["@a", "@a", "@b"]',
        "e": "140.5",
        "f": "p1",
        "g": None,
    }
    found = fields_of(
        row,
        {
            "title": "a",
            "status": "b",
            "archived": "c",
            "assignees": "d",
            "progress_percentage": "e",
            "parent_id": "f",
            "priority": "g",
            "name": "none",
        },
        {"OPEN": "todo"},
        None,
    )
    assert found == Fields(
        title="x" * 199 + "…", status="todo", archived=True, assignees=["@a", "@b"], progress_percentage=100.0, parent_id="p1"
    )


@pytest.mark.parametrize("value", ["", "soon", "NaN"])
def test_a_value_that_says_nothing_is_the_default(value: str) -> None:
    """Never an error: the row must arrive."""
    found = fields_of({"a": value, "b": ""}, {"progress_percentage": "a", "status": "b"}, {}, None)
    assert found == Fields()


def test_what_was_not_sent_is_as_before() -> None:
    """Nothing is known when nothing was remembered."""
    row: Row = {"a": UNCHANGED}
    assert fields_of(row, {"title": "a"}, {}, Fields(title="T")).title == "T"
    assert fields_of(row, {"title": "a"}, {}, None).title is UNSET
    assert (text_of(row, "a"), text_of(row, None), text_of({"a": "x"}, "a")) == (None, None, "x")


@pytest.mark.parametrize(
    ("text", "found"),
    [('["a", 5, "b"]', ["a", "b"]), ('{a,"b c"}', ["a", "b c"]), ("{}", []), ("alone", ["alone"]), ('"x"', ["x"]), ("5", [])],
)
def test_lists_come_in_several_dresses(text: str, found: list[str]) -> None:
    """JSON, arrays, one lone text."""
    assert list_of(text) == found


@pytest.mark.parametrize(
    ("text", "zone", "ms"),
    [
        ("1970-01-01 00:00:01.5", "UTC", 1500),
        ("1970-01-01 02:00:01.5+02", "UTC", 1500),
        ("1970-01-01 05:30:01.5+05:30", "UTC", 1500),
        ("1970-01-01 01:00:01.500000", "Europe/Berlin", 1500),
        ("infinity", "UTC", DEFAULT_MS),
        ("0044-03-15 12:00:00 BC", "UTC", DEFAULT_MS),
        ("0001-01-01 00:00:00+14", "UTC", DEFAULT_MS),
        (None, "UTC", DEFAULT_MS),
    ],
)
def test_times_with_and_without_a_zone(text: str | None, zone: str, ms: int) -> None:
    """Whatever is no time of ours is the default."""
    assert time_ms(text, zone, DEFAULT_MS) == ms
