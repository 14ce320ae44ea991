"""Writes the tables as files, once or again and again."""

import asyncio
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from analytics.app import Source, Tables, load
from analytics.export import write
from analytics.words import Format
from cli.analysts.source import reading_tables


class Order(NamedTuple):
    """What is wanted. every_s: how often to look for changes; None = once."""

    out: Path
    form: Format
    as_of: str
    every_s: float | None
    events: bool
    as_json: bool


def run(order: Order, data: Path, kafka: str | None) -> None:
    """Write the tables, and go on if that is wanted."""
    with reading_tables(data, kafka, shown=sys.stderr.isatty() and not order.as_json) as source:
        before = _again(source, order, None)
        while order.every_s is not None:
            time.sleep(order.every_s)
            before = _again(source, order, before)


def _again(source: Source, order: Order, before: Tables | None) -> Tables:
    tables = asyncio.run(load(source, order.as_of, events=order.events))
    if before is None or before.positions != tables.positions:
        _tell(tables, write(tables, order.out, order.form), as_json=order.as_json)
    return tables


def _tell(tables: Tables, files: list[Path], *, as_json: bool) -> None:
    rows = {name: table.num_rows for name, table in tables.tables.items()}
    if as_json:
        text = msgspec.json.encode({"files": [str(path) for path in files], "rows": rows, "positions": tables.positions}).decode()
    else:
        text = f"{', '.join(f'{count:,} {name}' for name, count in rows.items())} -> {', '.join(str(path) for path in files)}"
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
