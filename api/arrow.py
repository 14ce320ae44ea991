"""Rows of a table as Arrow: each column with its type, and its meaning beside it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from msgspec import Struct
from pyarrow import parquet

from schemas.arrow import TYPES
from schemas.tables import Column, value_of


def stream(columns: Sequence[Column], rows: Sequence[Struct]) -> bytes:
    """Return an Arrow stream."""
    out, table = pa.BufferOutputStream(), _table(columns, rows)
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return bytes(out.getvalue().to_pybytes())


def parquet_file(columns: Sequence[Column], rows: Sequence[Struct]) -> bytes:
    """Return a Parquet file."""
    out = pa.BufferOutputStream()
    parquet.write_table(_table(columns, rows), out, compression="zstd")
    return bytes(out.getvalue().to_pybytes())


def _table(columns: Sequence[Column], rows: Sequence[Struct]) -> pa.Table:
    schema = pa.schema([pa.field(column.name, TYPES[column.type], metadata={"meaning": column.meaning}) for column in columns])
    arrays = [pa.array([_typed(column, value_of(column, row)) for row in rows], TYPES[column.type]) for column in columns]
    return pa.Table.from_arrays(arrays, schema=schema)


def _typed(column: Column, value: Any) -> Any:  # noqa: ANN401  because each column has its type
    if value is None:
        return None
    match column.type:
        case "time":
            return datetime.fromisoformat(value)
        case "counts":
            return list(value.items())
        case _:
            return value
