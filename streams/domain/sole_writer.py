"""Who else wrote to `task-state`: found by the places of our own batches, undone by writing our rows again (architecture 5.7)."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from schemas.rows import OffsetRow
from schemas.topics import offset_key
from streams.domain.changelog import state_records
from streams.domain.node import encode_node, stamp_of
from streams.domain.records import Out, Partition, Rows

_decode_offset = msgspec.json.Decoder(OffsetRow).decode
_OFFSET: Final = b"offset/"


class Gap(NamedTuple):
    """Offsets of `task-state` between two of our batches: from `begin` to `end`, exclusive."""

    begin: int
    end: int


class Ends:
    """The end of what this owner knows of `task-state`. start: the end of what was restored.

    Batches of a sole writer touch. A gap may also be a transaction's marker, an `epoch` row, or the half of a step that a restore
    left out: whoever reads it finds nothing to mend there.
    """

    __slots__ = ("_end",)

    def __init__(self, start: int) -> None:
        self._end = start

    def gaps(self, places: Iterable[tuple[int, int]]) -> list[Gap]:
        """Take in acknowledged batches, (first offset, records) in order; returns what lies between them and the end before."""
        found: list[Gap] = []
        for first, count in places:
            if first > self._end:
                found.append(Gap(self._end, first))
            self._end = first + count
        return found


def mended(found: Mapping[bytes, bytes], rows: Rows, partition: Partition) -> list[Out]:
    """Return the records that make our rows the newest again, the `offset` row last; none where nothing of ours was overwritten.

    found: newest value per key of a gap. A row whose stamp is not below `through` tells of an event that this owner has yet to
    fold: it writes that row itself then. A key that we have no row for is left alone: nothing of ours is under it.
    """
    touched = {}
    for key, value in found.items():
        if not 0 <= stamp_of(key, value) < partition.through:
            continue
        node = rows.get(key)
        if node is not None and encode_node(node) != value:
            touched[key] = node
    if not touched and not _behind(found.get(offset_key(partition.number)), partition):
        return []
    return state_records(touched, OffsetRow(partition=partition.number, through=partition.through, time_ms=partition.time_ms))


def reach(found: Mapping[bytes, bytes]) -> int:
    """Return the end of the events that a gap tells of, 0 where it tells of none.

    Another owner may have been further than this one. Until this one's durable rows have come there, too, its store lacks what the gap
    holds: should it lose the partition before that, the next restore from its store must read the gap, since later offset rows say
    that all before them is there.
    """
    return max((_end_of(key, value) for key, value in found.items()), default=0)


def _end_of(key: bytes, value: bytes) -> int:
    return _decode_offset(value).through if key.startswith(_OFFSET) else stamp_of(key, value) + 1


def _behind(offset_row: bytes | None, partition: Partition) -> bool:
    return offset_row is not None and _decode_offset(offset_row).through < partition.through
