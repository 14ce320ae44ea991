"""`anabranch verify`: recounts everything from the events and compares it with what worker and edge say."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from audit.app import Result, run
from audit.edge import Edge
from broker.files import write_whole
from broker.instance import read_instance
from broker.reach import quiet_clients
from cli.access import access
from cli.options import DEFAULT_DATA, Data, Json, Kafka, Token, Url, edge_url, kafka_settings
from cli.plural import counted
from schemas.metrics import VERIFY_METRICS

SHOWN: Final = 20
_TOKEN_S: Final = 600

Wait = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0.0, help="How long worker and edge may stand still behind the log.")]


def verify(  # noqa: PLR0913  because every option of the command is an argument
    *,
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    url: Url = None,
    token: Token = None,
    wait: Wait = 60.0,
    metrics: Annotated[
        Path | None, typer.Option("--metrics", metavar="FILE", help="Write the result as metrics too, for a collector of text files.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Recount all projects from their events, apart from the worker, and compare. Exits with 1 when anything differs."""
    settings = kafka_settings(data, kafka)
    edge = _edge(data, kafka, url, token)
    with quiet_clients():
        result = asyncio.run(run(settings, edge, wait, SHOWN))
    if metrics is not None:
        write_metrics(metrics, result)
    text = msgspec.json.encode(result).decode() if as_json else "\n".join(lines_of(result, asked_edge=edge is not None))
    sys.stdout.write(text + "\n")
    if not result.ok:
        raise typer.Exit(1)


def write_metrics(path: Path, result: Result) -> None:
    """Write what Prometheus is to know of a recount, in one step."""
    registry = CollectorRegistry()
    values = zip(VERIFY_METRICS, (result.difference_count, result.events, time.time()), strict=True)
    for metric, value in values:
        Gauge(metric.name, metric.meaning, registry=registry).set(value)
    write_whole(path, generate_latest(registry))


def lines_of(result: Result, *, asked_edge: bool) -> list[str]:
    """Return what a person reads: how many rows agree per place and kind, then each difference shown."""
    lines = [f"Recounted {result.events:,} events in {result.seconds:.1f} s."]
    for where, rows in result.rows.items():
        agree = result.agree[where]
        counts = ", ".join(f"{agree[kind]:,} of {count:,} {kind} rows" for kind, count in rows.items() if count)
        lines.append(f"  {where}: {counts or 'no rows'} agree")
    if not asked_edge:
        lines.append("  edge: not asked (none runs; --url names one)")
    if result.skipped:
        lines.append(f"  {result.skipped:,} rows of the edge are newer than the recount and were left out")
    if result.ok:
        return [*lines, "No difference."]
    lines.append(counted(result.difference_count, "difference") + (f", the first {SHOWN}:" if result.difference_count > SHOWN else ":"))
    shown = (
        f"  {one.where} {one.key} {one.field}: expected {_short(one.expected)}, found {_short(one.found)}" for one in result.differences
    )
    return [*lines, *shown]


def _edge(data: Path, kafka: str | None, url: str | None, token: str | None) -> Edge | None:
    """Return the edge to compare with; none when neither an option nor the instance names one."""
    instance = read_instance(data)
    if url is None and (kafka is not None or instance is None or instance.url is None):
        return None
    return Edge(edge_url(data, url), access(data, token, f"verify-{os.getpid()}", _TOKEN_S, scope="admin"))


def _short(value: object) -> str:
    return msgspec.json.encode(value).decode() if not isinstance(value, str) else value
