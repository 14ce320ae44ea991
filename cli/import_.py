"""`anabranch import`: task files that other tools keep in a repository, as they are or through their whole history."""

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from broker.reach import quiet_clients
from cli import postgres
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from connectors import app as connectors
from schemas.failure import UsageFailure
from schemas.words import SOURCES, Source

SHOWN_LINES: Final = 20

app: Final = typer.Typer(help="Import a repository's task file, as it is or through its whole history.", no_args_is_help=True)

Path_ = Annotated[Path, typer.Argument(metavar="PATH", help="The repository's folder, or the task file itself.")]
History = Annotated[bool, typer.Option("--history", help="Replay every version of the file from git, oldest first.")]
Project = Annotated[str | None, typer.Option("--project", metavar="NAME", help="Name of the project; default: the folder's name.")]
Source_ = Annotated[str, typer.Option("--source", metavar="SOURCE", help="Who made the changes: mcp-ai, user or system.")]
Speed = Annotated[str, typer.Option("--speed", metavar="SPEED", help="100x = a hundred times faster than the commits; max = no waiting.")]


@app.command("taskmaster")
def import_taskmaster(  # noqa: PLR0913  because every option of the command is an argument
    path: Path_,
    *,
    history: History = False,
    project: Project = None,
    source: Source_ = "mcp-ai",
    speed: Speed = "max",
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    as_json: Json = False,
) -> None:
    """Import Task Master's `.taskmaster/tasks/tasks.json`: a tag becomes a branch. Importing again changes nothing."""
    order = connectors.Order("taskmaster", path, history, project, source_of(source), speed_of(speed))
    _run(order, data, kafka, as_json=as_json)


@app.command("beads")
def import_beads(  # noqa: PLR0913  because every option of the command is an argument
    path: Path_,
    *,
    history: History = False,
    project: Project = None,
    source: Source_ = "mcp-ai",
    speed: Speed = "max",
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    as_json: Json = False,
) -> None:
    """Import beads' `.beads/issues.jsonl`: an epic becomes a branch with its children. Importing again changes nothing."""
    order = connectors.Order("beads", path, history, project, source_of(source), speed_of(speed))
    _run(order, data, kafka, as_json=as_json)


app.command("postgres")(postgres.import_postgres)


def source_of(text: str) -> Source:
    """Return the source that an option names. Raises `UsageFailure`."""
    for source in SOURCES:
        if text == source:
            return source
    raise UsageFailure(f"{text!r} is no source: it is one of {', '.join(SOURCES)}.")


def speed_of(text: str) -> float | None:
    """Return the factor of `100x`, None for `max`. Raises `UsageFailure`."""
    if text == "max":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)x?", text)
    if match is None or float(match[1]) <= 0:
        raise UsageFailure(f"{text!r} is no speed: write a factor such as 100x, or max.")
    return float(match[1])


def _run(order: connectors.Order, data: Path, kafka: str | None, *, as_json: bool) -> None:
    plan = connectors.prepare(order)
    settings = kafka_settings(data, kafka)
    with quiet_clients(), _progress(shown=not as_json) as progress:
        report = asyncio.run(connectors.send(plan, settings, progress))
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        sys.stdout.write("\n".join(lines_of(report)) + "\n")


@contextmanager
def _progress(*, shown: bool) -> Iterator[connectors.Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("versions, {task.fields[events]:,} events"))
    console = Console(stderr=True)
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not (shown and console.is_terminal), transient=True
    ) as bars:
        bar = bars.add_task("importing", total=None, events=0)
        yield lambda done, total, events: bars.update(bar, completed=done, total=total, events=events)


def lines_of(report: connectors.Report) -> list[str]:
    """Return what a person reads about an import."""
    by_action = ", ".join(f"{count:,} {kind}" for kind, count in sorted(report.events.items()))
    lines = [
        (
            f"Project {report.project} ({report.project_id}): {report.total_events:,} events from {report.versions:,} "
            f"version{'' if report.versions == 1 else 's'} of {report.file} in {report.seconds:.1f} s."
        ),
        f"  {by_action}",
        *(f"  partition {position.partition}, up to offset {position.offset:,}" for position in report.positions),
    ]
    if report.repeated_ids:
        lines.append(f"  {report.repeated_ids:,} entries have an id that another entry of their version has as well:")
        lines.append("    docs/reference/mapping.md says what becomes of them")
    if report.skipped:
        lines.append(f"  {len(report.skipped):,} lines could not be read and were skipped:")
        lines += [f"    {line.commit[:12]} line {line.line}: {line.reason}: {line.text}" for line in report.skipped[:SHOWN_LINES]]
    if len(report.skipped) > SHOWN_LINES:
        lines.append(f"    and {len(report.skipped) - SHOWN_LINES:,} more (--json lists them all)")
    return lines
