"""Which records of a changelog a store takes: whole steps only (docs/decisions/0002)."""

from collections.abc import Callable, Iterable

import msgspec

from schemas.rows import OffsetRow
from schemas.topics import offset_key
from streams.domain.node import KINDS, Head, head_of, hints_of
from streams.domain.records import Record
from streams.engine.store import Mark, Write

_decode_offset = msgspec.json.Decoder(OffsetRow).decode
_Version = tuple[bytes, bytes, int, Head]
"""Key, value, offset and head of a row that waits for the end of its step."""


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
        self._waiting: list[_Version] = []
        self._hidden: dict[bytes, int] = {}
        self._hints: list[tuple[bytes, bytes]] = []

    @property
    def end(self) -> int:
        """The end of what was read."""
        return self._read + 1

    def feed(self, records: Iterable[Record], now_ms: int) -> Write:
        """Take in records in order; returns what the store may write now. Records that the store has are skipped."""
        out: dict[bytes, bytes | None] = {}
        fresh = [record for record in records if record.offset > self._read]
        if fresh:
            self._read = fresh[-1].offset
        begin = 0
        for place, record in enumerate(fresh):
            if record.key == self._offset_key and record.value is not None:
                self._hold(fresh[begin:place])
                self._take(_decode_offset(record.value), record.offset, out)
                begin = place + 1
        self._hold(fresh[begin:])
        behind = min((*(offset for _, _, offset, _ in self._waiting[:1]), *self._hidden.values(), self._read + 1))
        self._mark = msgspec.structs.replace(self._mark, changelog=behind - 1, written_ms=now_ms)
        hints, self._hints = self._hints, []
        return Write(self._mark, out, hints)

    def _hold(self, records: Iterable[Record]) -> None:
        """Let rows wait, in their order."""
        for record in records:
            key, value = record.key, record.value
            if key is not None and value is not None and key[:2] in KINDS:
                self._waiting.append((key, value, record.offset, head_of(value)))

    def _take(self, row: OffsetRow, offset: int, out: dict[bytes, bytes | None]) -> None:
        floor = self._mark.through
        whole = [version for version in self._waiting if version[3].stamp < row.through]
        self._waiting = [version for version in self._waiting if version[3].stamp >= row.through] if len(whole) < len(self._waiting) else []
        newest = {key: value for key, value, _, _ in whole}
        if len(newest) == len(whole) and all(head.stamp >= floor for _, _, _, head in whole):  # as it is but for former owners and replays
            self._put(whole, newest, out)
        else:
            self._choose(whole, out)
        if row.through >= floor:
            self._mark = msgspec.structs.replace(self._mark, through=row.through, time_ms=row.time_ms)
            self._hidden.pop(self._offset_key, None)
        else:
            self._hidden.setdefault(self._offset_key, offset)

    def _put(self, versions: Iterable[_Version], rows: dict[bytes, bytes], out: dict[bytes, bytes | None]) -> None:
        """Take one version of each key, as it is."""
        out.update(rows)
        for key, _, _, head in versions:
            self._hints += hints_of(key, head)
        if self._hidden:
            for key in rows:
                self._hidden.pop(key, None)

    def _choose(self, versions: Iterable[_Version], out: dict[bytes, bytes | None]) -> None:
        """Take the newest version of each key, unless the store has a newer one."""
        by_key: dict[bytes, list[_Version]] = {}
        for version in versions:
            by_key.setdefault(version[0], []).append(version)
        floor = self._mark.through
        for key, found in by_key.items():
            _, value, _, head = max(found, key=_age)
            known = -1 if head.stamp >= floor else self._stored_stamp(key, out)
            if head.stamp >= known:
                out[key] = value
                self._hints += hints_of(key, head)
            self._note_top(found[-1], max(head.stamp, known))

    def _note_top(self, top: _Version, newest: int) -> None:
        """Remember where an older version hides the newest one; a later write of that one ends it."""
        key, _, offset, head = top
        if head.stamp < newest:
            self._hidden.setdefault(key, offset)
        else:
            self._hidden.pop(key, None)

    def _stored_stamp(self, key: bytes, out: dict[bytes, bytes | None]) -> int:
        value = out.get(key) or self._current(key)
        return -1 if value is None else head_of(value).stamp


def _age(version: _Version) -> tuple[int, int]:
    _, _, offset, head = version
    return head.stamp, offset
