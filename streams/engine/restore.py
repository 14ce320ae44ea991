"""Which records of a changelog a store takes: whole steps only (docs/decisions/0002)."""

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct

from schemas.rows import OffsetRow
from schemas.topics import offset_key
from streams.domain.node import KINDS, Head, head_of, hints_of
from streams.domain.records import Record
from streams.engine.store import Mark, Write

_decode_offset = msgspec.json.Decoder(OffsetRow).decode


class _Version(Struct, gc=False):
    stamp: int
    value: bytes
    offset: int
    head: Head


class Restorer:
    """Holds rows back until an offset row says that their step is whole, then gives them out, newest stamp per key.

    current: reads the store. Rows that still wait when reading ends are dropped: the replay writes them again. Where an older version of
    a row lies on top of a newer one (a former owner wrote late, and nobody lived to mend it), the mark stays below it, so that the next
    owner finds the gap and writes its own row again.
    """

    def __init__(self, partition: int, mark: Mark, current: Callable[[bytes], bytes | None]) -> None:
        self._offset_key = offset_key(partition)
        self._mark = mark
        self._read = mark.changelog
        self._current = current
        self._waiting: dict[bytes, list[_Version]] = {}
        self._hidden: dict[bytes, int] = {}
        self._hints: list[tuple[bytes, bytes]] = []

    @property
    def end(self) -> int:
        """The end of what was read."""
        return self._read + 1

    def feed(self, records: Iterable[Record], now_ms: int) -> Write:
        """Take in records in order; returns what the store may write now. Records that the store has are skipped."""
        out: dict[bytes, bytes | None] = {}
        for record in records:
            if record.offset > self._read:
                self._read = record.offset
                self._one(record, out)
        behind = min((*(versions[0].offset for versions in self._waiting.values()), *self._hidden.values(), self._read + 1))
        self._mark = msgspec.structs.replace(self._mark, changelog=behind - 1, written_ms=now_ms)
        hints, self._hints = self._hints, []
        return Write(self._mark, out, hints)

    def _one(self, record: Record, out: dict[bytes, bytes | None]) -> None:
        key, value = record.key, record.value
        if value is None or key is None:
            return
        if key[:2] not in KINDS:
            if key == self._offset_key:
                self._take(_decode_offset(value), out)
            return
        head = head_of(value)
        version = _Version(head.stamp, value, record.offset, head)
        versions = self._waiting.get(key)
        if versions is None:
            self._waiting[key] = [version]
        else:
            versions.append(version)

    def _take(self, row: OffsetRow, out: dict[bytes, bytes | None]) -> None:
        floor = self._mark.through
        waiting, self._waiting = self._waiting, {}
        for key, versions in waiting.items():
            if len(versions) == 1 and floor <= versions[0].stamp < row.through:  # as it is but for former owners and replays
                out[key] = versions[0].value
                self._hints += hints_of(key, versions[0].head)
                if self._hidden:
                    self._hidden.pop(key, None)
                continue
            whole = [version for version in versions if version.stamp < row.through]
            rest = [version for version in versions if version.stamp >= row.through]
            if rest:
                self._waiting[key] = rest
            if not whole:
                continue
            newest = max(whole, key=_age)
            known = -1 if newest.stamp >= floor else self._stored_stamp(key, out)
            if newest.stamp >= known:
                out[key] = newest.value
                self._hints += hints_of(key, newest.head)
            self._note_top(key, whole[-1], max(newest.stamp, known))
        if row.through >= floor:
            self._mark = msgspec.structs.replace(self._mark, through=row.through, time_ms=row.time_ms)

    def _note_top(self, key: bytes, top: _Version, newest: int) -> None:
        """Remember where an older version hides the newest one; a later write of that one ends it."""
        if top.stamp < newest:
            self._hidden.setdefault(key, top.offset)
        else:
            self._hidden.pop(key, None)

    def _stored_stamp(self, key: bytes, out: dict[bytes, bytes | None]) -> int:
        value = out.get(key) or self._current(key)
        return -1 if value is None else head_of(value).stamp


def _age(version: _Version) -> tuple[int, int]:
    return version.stamp, version.offset
