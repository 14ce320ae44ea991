"""The log anew in another number of partitions, or under other keys: order, conditions and dead letters kept. Pure.

Offsets change, so whatever names one is written again: `if_stamp` of an event, and the dead letter that a record settles.
Partitions are merged by log time (the newest record time so far), because the rules about old tombstones go by it.
"""

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from archive.record import Out, Saved
from schemas.topics import DLQ_OFFSET

_NOWHERE: Final = 2**62
"""An offset that no log reaches: what a condition names that was never true."""
_CONDITION: Final = b'"if_stamp"'


def merged(partitions: Sequence[Iterable[Saved]]) -> Iterator[tuple[int, Saved]]:
    """Yield (partition, record) of all partitions, each in its own order, all by log time."""
    yield from ((number, record) for _, number, record in heapq.merge(*(_timed(number, one) for number, one in enumerate(partitions))))


def _timed(number: int, records: Iterable[Saved]) -> Iterator[tuple[tuple[int, int, int], int, Saved]]:
    log_time = 0
    for record in records:
        log_time = max(log_time, record.timestamp_ms)
        yield (log_time, number, record.offset), number, record


class Places:
    """Where each record of the old log went. -1: nowhere."""

    def __init__(self, partitions: int) -> None:
        self._new = [array("q") for _ in range(partitions)]

    def note(self, partition: int, offset: int, new: int) -> None:
        """Note one record."""
        known = self._new[partition]
        known.extend([-1] * (offset - len(known)))
        known.append(new)

    def of(self, partition: int, offset: int) -> int:
        """Return the new offset of an old one."""
        known = self._new[partition]
        found = known[offset] if 0 <= offset < len(known) else -1
        return _NOWHERE if found < 0 else found


def regrown(partitions: Sequence[Iterable[Saved]], count: int, place: Callable[[bytes], int]) -> Iterator[Out]:
    """Yield the log in `count` partitions. place: the partition of a key among them."""
    places, ends = Places(len(partitions)), [0] * count
    for old, record in merged(partitions):
        new = place(record.key) if record.key is not None else old % count
        offset = ends[new]
        ends[new] += 1
        places.note(old, record.offset, offset)
        yield Out(new, _moved(record, offset, old, places))


def _moved(record: Saved, offset: int, old: int, places: Places) -> Saved:
    headers, value = record.headers, record.value
    if any(name == DLQ_OFFSET for name, _ in headers):
        headers = tuple((name, _letter(text, old, places) if name == DLQ_OFFSET else text) for name, text in headers)
    if value is not None and _CONDITION in value:
        value = _conditioned(value, old, places)
    return Saved(offset, record.timestamp_ms, record.key, value, headers)


def _letter(text: bytes, old: int, places: Places) -> bytes:
    return b"%d" % places.of(old, int(text)) if text.isdigit() else text


def _conditioned(value: bytes, old: int, places: Places) -> bytes:
    """Return the event with its condition about the new offset. What cannot be read stays: it is a dead letter."""
    try:
        event: Any = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value
    if not isinstance(event, dict) or not isinstance(event.get("if_stamp"), int) or event["if_stamp"] < 0:
        return value
    event["if_stamp"] = places.of(old, event["if_stamp"])
    return msgspec.json.encode(event)
