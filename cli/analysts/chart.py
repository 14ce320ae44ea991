"""Prints a burn-down."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analytics.app import history
from broker.burndown import By, Point
from cli.analysts.source import reading_tables

_BAR: Final = 40


def run(place: tuple[str, str | None], by: By, form: str, data: Path, kafka: str | None) -> None:
    """Print the points of (project, branch). form: table, csv or json."""
    project, branch = place
    with reading_tables(data, kafka, shown=sys.stderr.isatty()) as source:
        points = asyncio.run(history(source, project, branch, by))
    if form == "json":
        sys.stdout.write(msgspec.json.encode(points).decode() + "\n")
    elif form == "csv":
        lines = [",".join(Point.__struct_fields__), *(",".join(map(str, msgspec.structs.astuple(point))) for point in points)]
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        _show(points)


def _show(points: list[Point]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("from", "open", "done", "total"):
        table.add_column(name, justify="left" if name == "from" else "right")
    table.add_column("# open  . done", no_wrap=True)
    widest = max((point.total for point in points), default=1) or 1
    for point in points:
        opened, done = (round(count * _BAR / widest) for count in (point.open, point.completed))
        table.add_row(point.at, f"{point.open:,}", f"{point.completed:,}", f"{point.total:,}", Text("#" * opened + "." * done))
    Console(soft_wrap=not sys.stdout.isatty()).print(table)
