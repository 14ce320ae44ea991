"""`anabranch views export`: the tables as files; with --follow they are kept fresh."""

from pathlib import Path
from typing import Annotated, Final

import typer

from analytics.words import Format
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
    from cli.analysts.exports import Order, run  # noqa: PLC0415  because only this command needs Arrow

    run(Order(out, form, as_of, every if follow else None, events, as_json), data, kafka)
