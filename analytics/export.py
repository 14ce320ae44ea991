"""Tables as files: Parquet or CSV, one a table, or one DuckDB file with all tables and views."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyarrow import csv, parquet

from analytics.app import Tables
from analytics.database import Database
from analytics.words import Format
from broker.files import replacing

POSITIONS: Final = b"positions"
"""Metadata key of a Parquet file: JSON, end of `task-changes` by partition."""


def write(tables: Tables, path: Path, form: Format) -> list[Path]:
    """Write the tables to a DuckDB file, or as one file each into a folder; returns the files. Readers see old or new, never half.

    Raises `OSError`, `Failure`.
    """
    if form == "duckdb":
        with replacing(path) as temporary:
            temporary.unlink()  # DuckDB makes its file itself
            with Database(temporary) as database:
                database.put(tables.tables, tables.positions)
        return [path]
    return [_write_file(table, path / f"{name}.{form}", form, tables.positions) for name, table in tables.tables.items()]


def _write_file(table: pa.Table, path: Path, form: Format, positions: dict[int, int]) -> Path:
    with replacing(path) as temporary:
        if form == "csv":
            csv.write_csv(flat(table), temporary)
        else:
            own = {**(table.schema.metadata or {}), POSITIONS: msgspec.json.encode(positions)}
            parquet.write_table(table.replace_schema_metadata(own), temporary, compression="zstd")
    return path


def flat(table: pa.Table) -> pa.Table:
    """Return the table with maps and lists as JSON text, which is what CSV can hold."""
    columns: list[Any] = []
    for field, column in zip(table.schema, table.columns, strict=True):
        nested = pa.types.is_map(field.type) or pa.types.is_list(field.type)
        columns.append(pa.array([_json(field, value) for value in column.to_pylist()], pa.string()) if nested else column)
    return pa.Table.from_arrays(columns, names=table.column_names)


def _json(field: pa.Field, value: Any) -> str | None:  # noqa: ANN401  because it is what Arrow gives
    if value is None:
        return None
    return msgspec.json.encode(dict(value) if pa.types.is_map(field.type) else value).decode()
