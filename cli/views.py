"""`anabranch views export`: the tables as files; with --follow they are kept fresh."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from analytics.app import Source, Tables, load
from analytics.export import Format, write
from cli.analytics_options import reading_tables
from cli.options import DEFAULT_DATA, Data, Json, Kafka
from schemas.failure import UsageFailure

DEFAULT_EVERY_S: Final = 5.0

app: Final = typer.Typer(help="The tables that analysts read.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", metavar="PATH", help="Folder for parquet and csv, file for duckdb.")]
Form = Annotated[Format, typer.Option("--format", help="parquet or csv: one file a table; duckdb: one file with all tables and views.")]
AsOf = Annotated[str, typer.Option("--as-of", metavar="WHEN", help="As they were: ISO time, or PARTITION:OFFSET[,...] of task-changes.")]
Events = Annotated[bool, typer.Option("--events/--no-events", help="Whether the table of all events is wanted too.")]
Follow = Annotated[bool, typer.Option("--follow", help="Go on, and write again whenever something changed. Ctrl-C ends it.")]
Every = Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.1, help="With --follow: how often to look.")]


@app.callback()
def views() -> None:
    """Name the group, so that its one command keeps its name."""


@app.command("export")
def export(  # noqa: PLR0913  because every option of the command is an argument
    out: Out,
    form: Form = "parquet",
    as_of: AsOf = "",
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    every: Every = DEFAULT_EVERY_S,
    *,
    events: Events = True,
    follow: Follow = False,
    as_json: Json = False,
) -> None:
    """Write projects, branches, tasks, subtasks, activity and events as files. Readers see an old or a new file, never half of one."""
    if follow and as_of:
        raise UsageFailure("--follow keeps the present fresh: leave --as-of out.")
    with reading_tables(data, kafka, shown=sys.stderr.isatty() and not as_json) as source:
        before: Tables | None = None
        while before is None or follow:
            before = _again(source, as_of, before, events=events, out=out, form=form, as_json=as_json)
            if follow:
                time.sleep(every)


def _again(source: Source, as_of: str, before: Tables | None, *, events: bool, out: Path, form: Format, as_json: bool) -> Tables:  # noqa: PLR0913  because it is the loop of the command
    tables = asyncio.run(load(source, as_of, events=events))
    if before is None or before.positions != tables.positions:
        files = write(tables, out, form)
        _tell(tables, files, as_json=as_json)
    return tables


def _tell(tables: Tables, files: list[Path], *, as_json: bool) -> None:
    rows = {name: table.num_rows for name, table in tables.tables.items()}
    if as_json:
        text = msgspec.json.encode({"files": [str(path) for path in files], "rows": rows, "positions": tables.positions}).decode()
    else:
        text = f"{', '.join(f'{count:,} {name}' for name, count in rows.items())} -> {', '.join(str(path) for path in files)}"
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
