"""From rows and events to Arrow tables whose columns `schemas.tables` names."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct

from schemas.arrow import TYPES
from schemas.moments import moment
from schemas.rows import Tombstone, decode_row
from schemas.tables import ROW_TABLES, Column, Table, value_of
from schemas.topics import split_key


def schema_of(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table; each field carries its meaning as `comment`."""
    return pa.schema([pa.field(column.name, TYPES[column.type], metadata={"comment": column.meaning}) for column in table.columns])


def arrow(table: Table, rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Return rows, each with the values of the table's columns in order, as an Arrow table."""
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    arrays = [pa.array(values, type=TYPES[column.type]) for values, column in zip(columns, table.columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema_of(table))


def values_of(table: Table, row: Struct) -> list[Any]:
    """Return the values of one row in the order of the columns, as Arrow takes them."""
    return [cell(column, value_of(column, row)) for column in table.columns]


def cell(column: Column, value: Any) -> Any:  # noqa: ANN401  because each column has its type
    """Return a value as Arrow takes it. A time that is none is None: tables show events as they were sent."""
    if value is None:
        return None
    if column.type == "time":
        return moment(value)
    if column.type == "counts":
        return list(value.items())
    return msgspec.json.encode(value).decode() if column.type == "json" else value


def tables_of(rows: Iterable[tuple[bytes, bytes]]) -> dict[str, pa.Table]:
    """Return every table that rows of `task-state` fill, by name. Deleted things are in none."""
    found: dict[str, list[list[Any]]] = {kind: [] for kind in ROW_TABLES}
    for key, value in rows:
        kind = split_key(key)[0]
        table = ROW_TABLES.get(kind)
        if table is not None:
            row = decode_row(kind, value)
            if not isinstance(row, Tombstone):
                found[kind].append(values_of(table, row))
    return {table.name: arrow(table, found[kind]) for kind, table in ROW_TABLES.items()}
