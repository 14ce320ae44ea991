"""`anabranch publish`: events, one JSON object a line, into `task-changes`."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from broker.reach import quiet_clients
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from cli.plural import counted
from connectors import feed
from connectors.lines import Refusal
from connectors.tracing import is_traceparent
from schemas.failure import UsageFailure

File = Annotated[str, typer.Argument(metavar="[FILE]", help="File with one event a line; - reads the standard input.")]
Traceparent = Annotated[
    str | None, typer.Option("--traceparent", metavar="TRACE", envvar="TRACEPARENT", help="The trace that the events belong to (W3C).")
]


def publish(
    file: File = "-",
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    *,
    traceparent: Traceparent = None,
    as_json: Json = False,
) -> None:
    """Send events, one JSON object a line. A line that breaks the contract is told and left out; then the exit code is 1."""
    if traceparent and not is_traceparent(traceparent):
        raise UsageFailure(f"{traceparent!r} is no trace: --traceparent (or TRACEPARENT) is 00-<32 hex digits>-<16 hex digits>-01.")
    with opened(file) as descriptor, quiet_clients():
        outcome = asyncio.run(feed.publish(descriptor, kafka_settings(data, kafka), silent if as_json else tell, traceparent or None))
    finish(outcome, "sent", as_json=as_json)


@contextmanager
def opened(file: str) -> Iterator[int]:
    """Give the descriptor of a file, or of the standard input for `-`. Raises `UsageFailure`."""
    if file == "-":
        yield sys.stdin.fileno()
        return
    try:
        stream = Path(file).open("rb", buffering=0)  # noqa: SIM115  because only the opening may fail as wrong usage
    except OSError as error:
        raise UsageFailure(f"{file} cannot be read: {error.strerror}.") from None
    with stream:
        yield stream.fileno()


def tell(refusal: Refusal) -> None:
    """Write a refused line for a person."""
    sys.stderr.write(f"line {refusal.line}: {refusal.reason}: {refusal.text}\n")


def silent(_: Refusal) -> None:
    """Write nothing: the refusals are in the JSON."""


def finish(outcome: feed.Outcome, done: str, *, as_json: bool) -> None:
    """Write what became of the lines; exit with 1 when one was refused."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
    else:
        ends = "".join(f"\n  partition {position.partition}, up to offset {position.offset:,}" for position in outcome.positions)
        sys.stdout.write(f"{counted(outcome.events, 'event')} {done}, {counted(outcome.refused, 'line')} refused.{ends}\n")
    if outcome.refused:
        raise typer.Exit(1)
