"""Who gets what now: the new frames of each stream, put together once for all who stand at the same place.

Only prompt receivers are given frames here. The others are noted once, and get what is due when they can be sent to (`Session.due`):
until then a client that takes nothing costs nothing here, however many frames pass.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from api.protocol.join import Join, Receiver
from api.protocol.ring import Ring
from api.protocol.tail import Tail, merged


class Moved(NamedTuple):
    """A stream with something new, and all who joined it."""

    ring: Ring
    joins: Sequence[Join]


def fan_out(moved: Sequence[Moved], max_bytes: int, now_ms: int) -> Iterator[tuple[Receiver, Tail]]:
    """Yield what to write to whom, each receiver once, and move the cursors. No tail of a stream has more than `max_bytes`."""
    if len(moved) == 1:
        yield from _of_stream(moved[0], max_bytes, now_ms)
        return
    parts: dict[Receiver, list[Tail]] = {}
    for stream in moved:
        for receiver, tail in _of_stream(stream, max_bytes, now_ms):
            parts.setdefault(receiver, []).append(tail)
    known: dict[tuple[int, ...], Tail] = {}
    for receiver, tails in parts.items():
        key = tuple(map(id, tails))
        together = known.get(key)
        if together is None:
            together = known[key] = merged(tails)
        yield receiver, together


def _of_stream(moved: Moved, max_bytes: int, now_ms: int) -> Iterator[tuple[Receiver, Tail]]:
    """Yield the same for one stream: the inner loop of an edge, a fraction of a microsecond for each receiver."""
    ring = moved.ring
    end = ring.end
    tails: dict[int | None, Tail | None] = {None: None}
    last: int | None = None
    tail: Tail | None = None
    for join in moved.joins:
        cursor = join.cursor
        if cursor == end:
            continue
        receiver = join.receiver
        if not receiver.prompt:
            receiver.lag(join.project_id)
            continue
        if cursor != last:
            if cursor not in tails:
                tails[cursor] = _tail(ring, cursor, max_bytes)
            last, tail = cursor, tails[cursor]
        if tail is None:
            receiver.mark(join.project_id)
            continue
        join.cursor = end
        receiver.sent_ms = now_ms
        yield receiver, tail


def _tail(ring: Ring, cursor: int | None, max_bytes: int) -> Tail | None:
    frames = None if cursor is None else ring.tail(cursor, max_bytes)
    return None if frames is None else Tail(frames)
