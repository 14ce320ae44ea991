"""Runs a query and prints its result."""

import asyncio
import io
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyarrow import csv
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analytics.app import load
from analytics.database import Database
from analytics.export import flat
from analytics.views import mentions_events
from cli.analysts.source import reading_tables

MAX_SHOWN: Final = 200
_NUMBERS: Final = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)


def run(query: str, as_of: str, form: str, data: Path, kafka: str | None) -> None:
    """Print the result of a query. form: table, csv or json."""
    text = sys.stdin.read() if query == "-" else query
    with Database() as database:
        database.put({}, {})
        database.check(text)
        with reading_tables(data, kafka, shown=sys.stderr.isatty()) as source:
            tables = asyncio.run(load(source, as_of, events=mentions_events(text)))
        database.put(tables.tables, tables.positions)
        result = database.run(text)
    _print(result, form)


def _print(result: pa.Table, form: str) -> None:
    if form == "json":
        for row in result.to_pylist(maps_as_pydicts="lossy"):
            sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    elif form == "csv":
        sink = io.BytesIO()
        csv.write_csv(flat(result), sink)
        sys.stdout.write(sink.getvalue().decode())
    else:
        _show(result)


def _show(result: pa.Table) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for field in result.schema:
        table.add_column(field.name, justify="right" if any(is_one(field.type) for is_one in _NUMBERS) else "left")
    for row in result.slice(0, MAX_SHOWN).to_pylist(maps_as_pydicts="lossy"):
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    console = Console(soft_wrap=True) if not sys.stdout.isatty() else Console()
    console.print(table)
    if result.num_rows > MAX_SHOWN:
        console.print(f"{result.num_rows:,} rows, the first {MAX_SHOWN} shown; --format csv and --json print all.")


def _cell(value: Any) -> str:  # noqa: ANN401  because a result holds any type
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") and hasattr(value, "hour") else str(value)
