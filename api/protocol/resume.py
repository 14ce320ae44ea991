"""Where a client that knows its place may go on: live, by replay, or only by a snapshot. Never a partial recovery."""

from typing import Final

from msgspec import Struct

from api.protocol.ring import Ring
from schemas.frames import Since

MAX_REPLAY: Final = 300
"""Above this many frames a snapshot is cheaper for both sides."""


class Live(Struct, frozen=True):
    """Nothing was missed; `cursor` is where the stream goes on."""

    cursor: int


class Replay(Struct, frozen=True):
    """The `count` frames from `cursor` on are what was missed."""

    cursor: int
    count: int


class Snapshot(Struct, frozen=True):
    """The whole state must be sent. reset: the client's epoch is over and it should be told so."""

    reset: bool = False


class Behind(Struct, frozen=True):
    """The client is ahead of this edge, which must not answer backwards: ask again when more was read."""


Decision = Live | Replay | Snapshot | Behind


def decide(since: Since | None, epoch: str, floor: int, applied: int, ring: Ring) -> Decision:
    """Return how to serve a stream from `since`. All numbers are sequences; `applied` is what the edge has read."""
    if since is None:
        return Snapshot()
    if since.epoch != epoch:
        return Snapshot(reset=True)
    if since.sequence > applied:
        return Behind()
    if since.sequence < max(floor, ring.evicted):
        return Snapshot()
    cursor = ring.after(since.sequence)
    count = ring.end - cursor
    if count > MAX_REPLAY:
        return Snapshot()
    return Replay(cursor, count) if count else Live(cursor)
