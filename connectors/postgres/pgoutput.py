"""PostgreSQL's `pgoutput` messages, version 1 (its documentation, "Logical Replication Message Formats"). Pure: bytes in, changes out.

Version 1 sends a transaction after it was committed, whole and in commit order; larger than memory it waits on the server's disk.
"""

import struct
from typing import Final, Literal

from msgspec import Struct

_EPOCH_MS: Final = 946_684_800_000
"""2000-01-01 in milliseconds since 1970: where PostgreSQL's clock begins."""

_OF_TRANSACTION: Final = 1
"""Flag of a message that counts only if its transaction is committed."""
_SIZE_BYTES: Final = 4


class Unchanged:
    """Stands for a value that the server did not send, because it is stored apart (TOAST) and was not changed."""


UNCHANGED: Final = Unchanged()
Value = str | None | Unchanged
Row = dict[str, Value]
Table = tuple[str, str]
"""(schema, name)"""


class Begin(Struct, frozen=True):
    """A transaction begins; its commit lies at `commit_lsn`."""

    commit_lsn: int
    time_ms: int


class Commit(Struct, frozen=True):
    """A transaction ends; whoever has it needs nothing below `end_lsn` again."""

    end_lsn: int


class RowChange(Struct, frozen=True):
    """One row. old: its key or all of it, where the server sent it (a key that changed, a delete). new: none after a delete."""

    table: Table
    kind: Literal["insert", "update", "delete"]
    new: Row
    old: Row


class Truncate(Struct, frozen=True):
    """Tables that were emptied."""

    tables: tuple[Table, ...]


class Emitted(Struct, frozen=True):
    """What a transaction said beside its rows (`pg_logical_emit_message`)."""

    prefix: str
    content: bytes


Message = Begin | Commit | RowChange | Truncate | Emitted


class _Relation(Struct, frozen=True):
    table: Table
    columns: tuple[str, ...]


class _Reader:
    """Takes the parts of one message one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 1

    def take(self, layout: str) -> int:
        (value,) = struct.unpack_from(f"!{layout}", self._data, self._place)
        self._place += struct.calcsize(f"!{layout}")
        return int(value)

    def char(self) -> str:
        self._place += 1
        return chr(self._data[self._place - 1])

    def text(self) -> str:
        end = self._data.index(0, self._place)
        text = self._data[self._place : end].decode()
        self._place = end + 1
        return text

    def rest(self) -> bytes:
        return self._data[self._place :]

    def value(self) -> Value:
        kind = self.char()
        if kind == "n":
            return None
        if kind == "u":
            return UNCHANGED
        size = self.take("i")
        self._place += size
        return self._data[self._place - size : self._place].decode()

    def row(self, columns: tuple[str, ...]) -> Row:
        count = self.take("h")
        return {columns[place]: self.value() for place in range(count)}


class Decoder:
    """Reads message after message; it remembers what the server said about the tables."""

    def __init__(self) -> None:
        self._relations: dict[int, _Relation] = {}

    def decode(self, data: bytes) -> Message | None:
        """Return what a message says; None for what changes no row (tables, types, origins) and belongs to no transaction."""
        reader = _Reader(data)
        match data[:1]:
            case b"B":
                return Begin(reader.take("q"), reader.take("q") // 1000 + _EPOCH_MS)
            case b"C":
                reader.take("b")
                reader.take("q")
                return Commit(reader.take("q"))
            case b"R":
                self._learn(reader)
            case b"I" | b"U" | b"D":
                return self._row(data[:1], reader)
            case b"T":
                count = reader.take("i")
                reader.take("b")
                return Truncate(tuple(self._relations[reader.take("i")].table for _ in range(count)))
            case b"M" if reader.take("b") & _OF_TRANSACTION:
                reader.take("q")
                return Emitted(reader.text(), reader.rest()[_SIZE_BYTES:])
            case _:
                pass
        return None

    def _learn(self, reader: _Reader) -> None:
        number = reader.take("i")
        table = (reader.text() or "pg_catalog", reader.text())
        reader.char()
        columns = []
        for _ in range(reader.take("h")):
            reader.take("b")
            columns.append(reader.text())
            reader.take("i")
            reader.take("i")
        self._relations[number] = _Relation(table, tuple(columns))

    def _row(self, kind: bytes, reader: _Reader) -> RowChange:
        relation = self._relations[reader.take("i")]
        old: Row = {}
        part = reader.char()
        if part in "KO":
            old = reader.row(relation.columns)
            if kind == b"D":
                return RowChange(relation.table, "delete", {}, old)
            reader.char()
        return RowChange(relation.table, "insert" if kind == b"I" else "update", reader.row(relation.columns), old)
