"""Absent fields are left out, never null."""

from schemas.contract.base import Absent, Whole, absent


class Note(Whole):
    """A model with a field that may have nothing to say."""

    text: str
    author: str | Absent = absent("Who wrote it.")


def test_an_absent_field_is_left_out() -> None:
    """On the wire it is not there."""
    assert Note(text="a").model_dump_json() == '{"text":"a"}'
    assert Note(text="a", author="b").model_dump_json() == '{"text":"a","author":"b"}'


def test_an_absent_field_is_never_null_in_the_schema() -> None:
    """And not required."""
    schema = Note.model_json_schema(mode="serialization")

    assert schema["required"] == ["text"]
    assert schema["properties"]["author"]["type"] == "string"
