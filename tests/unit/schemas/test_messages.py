"""Messages start with their type, so an edge can put the order in front without reading them."""

from msgspec import Raw

from schemas.messages import (
    Cascade,
    Metadata,
    Outcome,
    Position,
    Update,
    UpdateData,
    UpdatePayload,
    decode_message,
    encode_message,
    stream_of,
)

METADATA = Metadata(source="user", position=Position(partition=1, offset=8), user_id="u")
UPDATE = Update(
    id="m1",
    stream=stream_of("p"),
    timestamp=1,
    payload=UpdatePayload("task", "patch", UpdateData(Raw(b'{"id":"t"}'), Cascade())),
    metadata=METADATA,
)
OUTCOME = Outcome(id="m2", stream=stream_of("p"), timestamp=1, action="applied", metadata=METADATA, message_id="m1")


def test_a_message_starts_with_its_type() -> None:
    """The front of the JSON is where the edge splices."""
    assert encode_message(UPDATE).startswith(b'{"type":"update",')
    assert encode_message(OUTCOME).startswith(b'{"type":"ack",')


def test_a_message_is_read_back_as_what_it_was() -> None:
    """By its type."""
    assert decode_message(encode_message(OUTCOME)) == OUTCOME
    read = decode_message(encode_message(UPDATE))
    assert isinstance(read, Update)
    assert encode_message(read) == encode_message(UPDATE)


def test_what_is_empty_is_left_out() -> None:
    """Kinds without rows, a missing delta and missing names cost nothing."""
    text = encode_message(UPDATE)

    assert b'"cascade":{}' in text
    assert b"delta" not in text
    assert b"sessionId" not in text


def test_a_stream_is_a_project() -> None:
    """Its name says which."""
    assert stream_of("p1") == "project:p1"
