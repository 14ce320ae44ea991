"""What goes into a step and what comes out of it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct

from streams.domain.node import Node


class Record(Struct, frozen=True, gc=False):
    """One record of `task-changes`, as it was read."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Out(Struct, gc=False):
    """One record to send. trace: headers of the event's record that name its trace, passed on as they are; of a window, one for each."""

    key: bytes
    value: bytes | None
    trace: tuple[tuple[str, bytes], ...] = ()


class DeadLetter(NamedTuple):
    """A record that cannot be applied. `reason` is a word of `decode.Reason`, `detail` a sentence without the record's content."""

    record: Record
    reason: str
    detail: str


class Rows(Protocol):
    """The rows of one partition as they are after its last step. A node that was handed out belongs to the lender: it is never changed."""

    def get(self, key: bytes) -> Node | None:
        """Return the live row or tombstone under a key."""
        ...

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return the keys that were ever written under a parent. Hints: each is checked against its row when it is used."""
        ...


class Partition(Struct, frozen=True, gc=False):
    """Where the fold stands. through: the rows hold every event below it. time_ms: newest record time so far (log time)."""

    number: int
    through: int
    time_ms: int = 0


class Step(Struct):
    """The result of one batch.

    rows: every row that the step touched, newest. state: the same as `task-state` records, ancestors first, the `offset` row last.
    hints: (parent key, child key) of new and moved rows. cascades: messages in log order. covers: offset of the oldest event
    that these messages publish (`watermark.Watermark.sent` wants it). counts: what became of the events, for metrics.
    late: applied events that happened too long ago to count in their minute's activity.
    """

    through: int
    time_ms: int
    covers: int
    rows: dict[bytes, Node] = msgspec.field(default_factory=dict)
    state: list[Out] = msgspec.field(default_factory=list)
    hints: list[tuple[bytes, bytes]] = msgspec.field(default_factory=list)
    cascades: list[Out] = msgspec.field(default_factory=list)
    dead: list[DeadLetter] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    late: int = 0
