"""The rows of a partition of `task-state` as they were at the end of a step. Pure."""

from collections.abc import Iterable
from typing import Protocol

import msgspec
from msgspec import Struct

from schemas.rows import EpochRow, OffsetRow
from schemas.topics import epoch_key, offset_key


class Keyed(Protocol):
    """A record of `task-state`, as a consumer gives it."""

    @property
    def key(self) -> bytes | None:
        """Return its key."""
        ...

    @property
    def value(self) -> bytes | None:
        """Return its value."""
        ...


class StateCut:
    """The rows of one partition of `task-state` as of an `offset` row: the newest value per key below its `through`.

    A step writes its rows first and its `offset` row last, so a value whose stamp is not below `through` belongs to a step
    that is still being written; it waits for its own `offset` row (docs/decisions/0002-restore-to-a-step.md).
    """

    def __init__(self, partition: int) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.through = 0
        self.partition = partition
        self.epoch = ""
        self._offset_key = offset_key(partition)
        self._epoch_key = epoch_key(partition)
        self._waiting: list[tuple[bytes, bytes | None]] = []

    def take_all(self, records: Iterable[Keyed]) -> None:
        """Take the next records of the partition."""
        for record in records:
            self.take(record.key or b"", record.value)

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take the next record of the partition."""
        if key == self._offset_key and value is not None:
            self.through = msgspec.json.decode(value, type=OffsetRow).through
            self.settle()
        elif key == self._epoch_key and value is not None:
            self.epoch = msgspec.json.decode(value, type=EpochRow).epoch
        elif not key.startswith((b"offset/", b"epoch/")):
            self._waiting.append((key, value))

    def settle(self, *, everything: bool = False) -> None:
        """Take in what waits and is below `through`; with `everything`, the rest too (no event can account for its stamps)."""
        waiting, self._waiting = self._waiting, []
        for key, value in waiting:
            if value is None:
                self.rows.pop(key, None)
            elif everything or _stamp(value) < self.through:
                self.rows[key] = value
            else:
                self._waiting.append((key, value))


class _Head(Struct):
    stamp: int = -1


_head = msgspec.json.Decoder(_Head).decode


def _stamp(value: bytes) -> int:
    try:
        return _head(value).stamp
    except msgspec.DecodeError:
        return -1
