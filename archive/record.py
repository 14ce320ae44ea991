"""A record of `task-changes` as it is kept, and as it is to be sent again. Pure."""

from typing import NamedTuple

from schemas.topics import DLQ_ACTION, DLQ_OFFSET

Headers = tuple[tuple[str, bytes], ...]
_NOBODY = b"9223372036854775807"


class Saved(NamedTuple):
    """One record of one partition. timestamp_ms: its own time, which the fold goes by."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Out(NamedTuple):
    """A record and the partition that it goes to; its offset is the one that it will get there."""

    partition: int
    record: Saved


def filler(offset: int, timestamp_ms: int) -> Saved:
    """Return a record that changes nothing: it closes a dead letter that does not exist.

    It stands where the log had no record (the marker of a producer's transaction), so that all others keep their offsets.
    """
    return Saved(offset, timestamp_ms, b"", None, ((DLQ_ACTION, b"drop"), (DLQ_OFFSET, _NOBODY)))
