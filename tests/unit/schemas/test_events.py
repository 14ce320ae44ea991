"""Events are lenient to read and canonical to write."""

import msgspec
import pytest
from msgspec import UNSET

from schemas.events import Event, Fields, decode_any, decode_event, encode_event

EVENT = Event(
    id="e1", entity="task", action="patch", project_id="p", entity_id="t", occurred_at="2026-02-28T03:55:36.000Z", source="user",
    data=Fields(status="done", parent_id=None),
)  # fmt: skip


def test_the_same_event_gives_the_same_bytes() -> None:
    """Writing, reading and writing again changes nothing."""
    value = encode_event(EVENT)

    assert encode_event(decode_event(value)) == value


def test_a_missing_field_is_not_a_null_field() -> None:
    """A patch changes exactly the fields that are there: null clears, absent leaves alone."""
    data = decode_event(encode_event(EVENT)).data

    assert data is not None
    assert data.parent_id is None
    assert data.title is UNSET


def test_unknown_fields_are_ignored() -> None:
    """A newer producer does no harm."""
    value = encode_event(EVENT)[:-1] + b',"colour":"red"}'

    assert decode_event(value) == EVENT


@pytest.mark.parametrize("value", [b"", b"null", b"[]", b"{}", b'{"id":1}', b"\xff", b'{"id": "e1"'])
def test_what_is_no_event_is_refused(value: bytes) -> None:
    """Poison is seen when it is read."""
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_event(value)


def test_foreign_json_is_read_as_plain_objects() -> None:
    """For values whose shape nobody promised."""
    assert decode_any(b'{"a": [1, null]}') == {"a": [1, None]}
