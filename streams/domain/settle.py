"""Dead letters that somebody has dealt with: what the headers of a record on `task-changes` say about one."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.topics import DLQ_ACTION, DLQ_OFFSET, MAX_OFFSET_DIGITS


class Settlement(NamedTuple):
    """One dead letter of the same partition, named by its offset. replays: the record is the mended event; else it is dropped."""

    offset: int
    replays: bool


_ACTIONS: Final = {b"replay": True, b"drop": False}


def settlement_of(headers: Iterable[tuple[str, bytes]]) -> Settlement | None:
    """Return which dead letter a record settles; None for an ordinary event, and for headers that make no sense."""
    found = dict(headers)
    offset, replays = found.get(DLQ_OFFSET, b""), _ACTIONS.get(found.get(DLQ_ACTION, b""))
    if replays is None or not offset.isdigit() or len(offset) > MAX_OFFSET_DIGITS:
        return None
    return Settlement(int(offset), replays)
