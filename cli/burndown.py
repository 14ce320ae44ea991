"""`anabranch burndown`: how the open tasks of a branch or project went over time."""

import asyncio
import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analytics.app import history
from analytics.history import By, Point
from cli.analytics_options import reading_tables
from cli.options import DEFAULT_DATA, Data, Json, Kafka

Project = Annotated[str, typer.Argument(help="Project id or name.")]
Branch = Annotated[str | None, typer.Argument(help="Branch id or name; without one the whole project.")]
Span = Annotated[By, typer.Option("--by", help="hour or day.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
_BAR = 40


def burndown(  # noqa: PLR0913  because every option of the command is an argument
    project: Project,
    branch: Branch = None,
    by: Span = "day",
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    *,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Print the counts at the end of every day (or hour) in which they changed, by the time of the events (UTC)."""
    with reading_tables(data, kafka, shown=sys.stderr.isatty()) as source:
        points = asyncio.run(history(source, project, branch, by))
    if as_json:
        sys.stdout.write(msgspec.json.encode(points).decode() + "\n")
    elif as_csv:
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
