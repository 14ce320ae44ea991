"""Messages as the documentation of PostgreSQL lays them out; the integration tests read a server's own."""

import struct

import pytest

from connectors.postgres.pgoutput import UNCHANGED, Begin, Commit, Decoder, Emitted, Message, RowChange, Truncate

TABLE = ("public", "t")


def relation(number: int = 7, schema: bytes = b"public") -> bytes:
    """Return the message that describes a table with the columns id and name."""
    columns = b"".join(bytes([flag]) + name + b"\0" + struct.pack("!ii", 25, -1) for flag, name in ((1, b"id"), (0, b"name")))
    return b"R" + struct.pack("!i", number) + schema + b"\0t\0d" + struct.pack("!h", 2) + columns


def values(*found: str | None) -> bytes:
    """Return a row; `…` is a value that was not sent."""
    parts = [
        b"n" if value is None else b"u" if value == "…" else b"t" + struct.pack("!i", len(value.encode())) + value.encode()
        for value in found
    ]
    return struct.pack("!h", len(found)) + b"".join(parts)


def row(kind: bytes, rest: bytes) -> bytes:
    """Return a message about a row of the table."""
    return kind + struct.pack("!i", 7) + rest


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (b"B" + struct.pack("!qqi", 500, 1_000_000, 9), Begin(500, 946_684_801_000)),
        (b"C" + struct.pack("!bqqq", 0, 500, 548, 1_000_000), Commit(548)),
        (row(b"I", b"N" + values("1", "ä")), RowChange(TABLE, "insert", {"id": "1", "name": "ä"}, {})),
        (row(b"U", b"N" + values("1", None)), RowChange(TABLE, "update", {"id": "1", "name": None}, {})),
        (row(b"U", b"N" + values("1", "…")), RowChange(TABLE, "update", {"id": "1", "name": UNCHANGED}, {})),
        (
            row(b"U", b"K" + values("1", None) + b"N" + values("2", "x")),
            RowChange(TABLE, "update", {"id": "2", "name": "x"}, {"id": "1", "name": None}),
        ),
        (row(b"D", b"K" + values("1", None)), RowChange(TABLE, "delete", {}, {"id": "1", "name": None})),
        (row(b"D", b"O" + values("1", "x")), RowChange(TABLE, "delete", {}, {"id": "1", "name": "x"})),
        (b"T" + struct.pack("!ibi", 1, 0, 7), Truncate((TABLE,))),
        (b"M" + struct.pack("!bq", 1, 500) + b"traceparent\0" + struct.pack("!i", 2) + b"00", Emitted("traceparent", b"00")),
        (b"M" + struct.pack("!bq", 0, 500) + b"traceparent\0" + struct.pack("!i", 2) + b"00", None),
        (b"Y" + struct.pack("!i", 1), None),
        (b"O" + struct.pack("!q", 1) + b"x\0", None),
    ],
)
def test_a_message_is_what_it_says(message: bytes, meaning: Message | None) -> None:
    """Rows with the names of their columns, after the table was described."""
    decoder = Decoder()
    assert decoder.decode(relation()) is None
    assert decoder.decode(message) == meaning


def test_a_table_may_be_described_anew() -> None:
    """After an ALTER TABLE the server sends it again."""
    decoder = Decoder()
    decoder.decode(relation(schema=b"old"))
    decoder.decode(relation(schema=b""))
    found = decoder.decode(row(b"I", b"N" + values("1", "x")))
    assert isinstance(found, RowChange)
    assert found.table == ("pg_catalog", "t")
