"""PostgreSQL's texts become our values."""

import pytest
from msgspec import UNSET

from connectors.postgres.pgoutput import UNCHANGED, Row
from connectors.postgres.values import fields_of, list_of, text_of
from schemas.events import Fields


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
