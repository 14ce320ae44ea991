"""`anabranch edge`: one edge with the page."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.instance import read_instance, update_instance
from broker.parts import announced, private_url
from broker.ports import free_ports
from cli.child import Plan
from cli.edges import run_edges
from cli.options import DEFAULT_DATA, DEFAULT_PORT, Data, JsonLog, Kafka, bootstrap, checked, page_port
from cli.process import prepare_process

if TYPE_CHECKING:
    from api.settings import EdgeSettings


def edge(
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    port: Annotated[int | None, typer.Option("--port", help=f"Port of the page (default {DEFAULT_PORT}, or a free one).")] = None,
    private_port: Annotated[
        int, typer.Option("--private-port", envvar="ANABRANCH_PRIVATE_PORT", help="Port for health and metrics; 0 takes a free one.")
    ] = 0,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Edge processes on this port, each with a replica of its own.")] = 1,
    *,
    as_json: JsonLog = False,
) -> None:
    """Run an edge until Ctrl-C: it serves the page, the HTTP calls and the WebSockets. Several may run on one Kafka.

    With --workers, several processes share the port. Each has a private port with its own health and metrics: N, N+1 and so on from
    --private-port on, or free ones; each logs to `edge-<number>.log` in the data directory, and is started again when it dies.
    """
    from api.app import main  # noqa: PLC0415  because FastAPI takes half a second to import and only this command needs it
    from api.settings import EdgeSettings  # noqa: PLC0415  with it
    from cli.refold import Refold  # noqa: PLC0415  with it

    prepare_process(as_json=as_json)
    settings = checked(
        EdgeSettings,
        data=data.resolve(),
        kafka=bootstrap(data, kafka),
        port=port if port is not None and _shared() else page_port(port),
        private_port=private_port or free_ports(workers)[0],
    )
    url, private = f"http://{settings.host}:{settings.port}", private_url(settings.private_host, settings.private_port)
    first = _announce(data, url, private)
    typer.echo(json.dumps({"url": url, "private_url": private}) if as_json else f"The edge is at {url}.")
    try:
        if workers == 1:
            with announced(data, "edge", private, url=url):
                code = main(settings, Refold)
            sys.exit(code)
        os.environ["ANABRANCH_REUSE_PORT"] = "true"
        plans = [_plan(settings, number, as_json=as_json) for number in range(workers)]
        asyncio.run(run_edges(plans, lambda sentence: typer.echo(sentence, err=True)))
    finally:
        if first and read_instance(data) is not None:
            update_instance(data, url=None, private_url=None)


def _shared() -> bool:
    """Return whether other edges may listen on the port too."""
    return os.environ.get("ANABRANCH_REUSE_PORT", "").lower() in {"1", "true", "yes", "on"}


def _plan(settings: "EdgeSettings", number: int, *, as_json: bool) -> Plan:
    """Return how to run one of several edges. What is not said here it has from the environment, as this process has."""
    arguments = [
        *("edge", "--data", str(settings.data), "--kafka", settings.kafka.bootstrap, "--port", str(settings.port)),
        *("--private-port", str(settings.private_port + number)),
        *(["--json"] if as_json else []),
    ]
    return Plan(f"edge {number + 1}", tuple(arguments), settings.data / f"edge-{number + 1}.log")


def _announce(data: Path, url: str, private_url: str) -> bool:
    """Make this edge the one that commands find, unless the directory has one already; says whether it did."""
    known = read_instance(data)
    if known is not None and known.url is not None:
        return False
    update_instance(data, url=url, private_url=private_url)
    return True
