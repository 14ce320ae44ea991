"""Rows of a table in the formats that analysts' tools read. Arrow and Parquet carry types; the others spell as the rows do."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from schemas.tables import Column, value_of

_encode: Final = msgspec.json.Encoder().encode
_NESTED: Final = frozenset({"counts", "list", "json"})
Rows = Sequence[Struct]
Columns = Sequence[Column]


class Format(NamedTuple):
    """A format by its media type. write: all of a page's rows at once."""

    media_type: str
    write: Callable[[Columns, Rows], bytes]


def plain(columns: Columns, row: Struct) -> dict[str, Any]:
    """Return a row by the names of its columns."""
    return {column.name: value_of(column, row) for column in columns}


def to_json(columns: Columns, rows: Rows) -> bytes:
    """Return a JSON array of objects."""
    return _encode([plain(columns, row) for row in rows])


def to_ndjson(columns: Columns, rows: Rows) -> bytes:
    """Return one JSON object a line."""
    return b"".join(_encode(plain(columns, row)) + b"\n" for row in rows)


def to_csv(columns: Columns, rows: Rows) -> bytes:
    """Return CSV (RFC 4180) with a head; what is nested is JSON, and nothing is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_cell(column, value_of(column, row)) for column in columns])
    return out.getvalue().encode()


def _cell(column: Column, value: Any) -> Any:  # noqa: ANN401  because each column has its type
    if value is None:
        return ""
    if column.type in _NESTED:
        return _encode(value).decode()
    return str(value).lower() if isinstance(value, bool) else value


def to_arrow(columns: Columns, rows: Rows) -> bytes:
    """Return an Arrow stream."""
    from api import arrow  # noqa: PLC0415  because pyarrow takes 50 MB and half a second, and most edges are never asked for it

    return arrow.stream(columns, rows)


def to_parquet(columns: Columns, rows: Rows) -> bytes:
    """Return a Parquet file."""
    from api import arrow  # noqa: PLC0415  see to_arrow

    return arrow.parquet_file(columns, rows)


FORMATS: Final = (
    Format("application/json", to_json),
    Format("application/x-ndjson", to_ndjson),
    Format("text/csv", to_csv),
    Format("application/vnd.apache.arrow.stream", to_arrow),
    Format("application/vnd.apache.parquet", to_parquet),
)


def chosen(accept: str | None) -> Format | None:
    """Return the format that a caller likes best (RFC 9110 section 12.5.1), the first of ours where it likes several as much; or None."""
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    best, best_quality = None, 0.0
    for one in FORMATS:
        fitting = [(len(name), quality) for name, quality in ranges if _covers(name, one.media_type)]
        quality = max(fitting)[1] if fitting else 0.0  # the longest name is the most specific one
        if quality > best_quality:
            best, best_quality = one, quality
    return best


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                quality = 0.0
    return name, quality if quality == quality else 0.0  # noqa: PLR0124  because NaN is the only value that differs from itself


def _covers(name: str, media_type: str) -> bool:
    return name in {"*/*", media_type} or (name.endswith("/*") and media_type.startswith(name[:-1]))
