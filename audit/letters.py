"""Which dead letter a record closes, read again from its headers. Pure."""

from typing import NamedTuple

from audit.intake import Record
from schemas.topics import DLQ_ACTION, DLQ_OFFSET, MAX_OFFSET_DIGITS


class Closing(NamedTuple):
    """The letter's offset in the record's partition, and whether the record is its event again."""

    offset: int
    replay: bool


def closing(record: Record) -> Closing | None:
    """Return what the headers say; None for an ordinary record."""
    action = offset = b""
    for name, value in record.headers:
        if name == DLQ_ACTION:
            action = value
        if name == DLQ_OFFSET:
            offset = value
    if action not in {b"replay", b"drop"} or not offset.isdigit() or len(offset) > MAX_OFFSET_DIGITS:
        return None
    return Closing(int(offset), action == b"replay")
