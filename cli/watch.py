"""`anabranch watch`: follows what other tools keep, as it changes."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from broker.reach import quiet_clients
from cli import postgres
from cli.import_ import Path_, Project, Source_, source_of
from cli.interrupt import until_signal
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from connectors.app import Order
from connectors.live.app import Follower, Note
from connectors.live.look import PATIENCE_S, Timing

app: Final = typer.Typer(
    help="Follow a task file or a database live; Ctrl-C ends it, and the next run goes on where it was.", no_args_is_help=True
)

History = Annotated[bool, typer.Option("--history", help="First replay every version of the file from git, oldest first.")]
Patience = Annotated[
    float, typer.Option("--patience", min=0.0, help="Seconds that a file which is gone or looks half written must stay so to be believed.")
]


@app.command("taskmaster")
def watch_taskmaster(  # noqa: PLR0913  because every option of the command is an argument
    path: Path_,
    *,
    history: History = False,
    project: Project = None,
    source: Source_ = "mcp-ai",
    patience: Patience = PATIENCE_S,
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    as_json: Json = False,
) -> None:
    """Follow Task Master's `.taskmaster/tasks/tasks.json`. A later `anabranch import` changes nothing."""
    order = Order("taskmaster", path, history, project, source_of(source))
    _run(order, patience, data, kafka, as_json=as_json)


@app.command("beads")
def watch_beads(  # noqa: PLR0913  because every option of the command is an argument
    path: Path_,
    *,
    history: History = False,
    project: Project = None,
    source: Source_ = "mcp-ai",
    patience: Patience = PATIENCE_S,
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    as_json: Json = False,
) -> None:
    """Follow beads' `.beads/issues.jsonl`. A later `anabranch import` changes nothing."""
    order = Order("beads", path, history, project, source_of(source))
    _run(order, patience, data, kafka, as_json=as_json)


app.command("postgres")(postgres.watch_postgres)


def _run(order: Order, patience: float, data: Path, kafka: str | None, *, as_json: bool) -> None:
    follower = Follower(order, data, tell_json if as_json else tell, Timing(patience_s=patience))
    settings = kafka_settings(data, kafka)
    with quiet_clients():
        asyncio.run(until_signal(follower.run(settings)))


def tell_json(note: Note) -> None:
    """Write a note for a script, one object a line."""
    sys.stdout.write(msgspec.json.encode(note).decode() + "\n")
    sys.stdout.flush()


def tell(note: Note) -> None:
    """Write a note for a person; what could not be read goes to the standard error."""
    for line in note.skipped:
        where = f"line {line.line}: " if line.line else ""
        sys.stderr.write(f"{note.file}: {where}{line.reason}: {line.text}\n")
    sentence = sentence_of(note)
    if sentence:
        sys.stdout.write(sentence + "\n")
        sys.stdout.flush()


def sentence_of(note: Note) -> str:
    """Return what a person reads of a note, "" when there is nothing beside the lines that could not be read."""
    match note.what:
        case "following":
            return f"Following {note.file} as project {note.project_id}. Ctrl-C ends it."
        case "waiting":
            return f"There is no {note.file} yet; it is followed as soon as it is there."
        case "gone":
            return f"{note.file} is gone, and with it its tasks, as long as it stays away."
        case "trouble":
            return note.text
        case "changed":
            counts = ", ".join(f"{count:,} {kind}" for kind, count in note.events.items())
            version = "" if note.version == "file" else f" (commit {note.version[:12]})"
            return f"{counts}{version}" if counts else ""
