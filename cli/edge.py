"""`anabranch edge`: one edge with the page."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from broker.instance import read_instance, update_instance
from broker.ports import free_port
from cli.options import DEFAULT_DATA, DEFAULT_PORT, Data, JsonLog, Kafka, bootstrap, checked, page_port
from cli.process import prepare_process


def edge(
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    port: Annotated[int | None, typer.Option("--port", help=f"Port of the page (default {DEFAULT_PORT}, or a free one).")] = None,
    private_port: Annotated[int, typer.Option("--private-port", help="Port for health and metrics; 0 takes a free one.")] = 0,
    *,
    as_json: JsonLog = False,
) -> None:
    """Run one edge until Ctrl-C: it serves the page, the HTTP calls and the WebSockets. Several may run on one Kafka."""
    from api.app import main  # noqa: PLC0415  because FastAPI takes half a second to import and only this command needs it
    from api.settings import EdgeSettings  # noqa: PLC0415  with it

    prepare_process(as_json=as_json)
    settings = checked(
        EdgeSettings,
        data=data.resolve(),
        kafka=bootstrap(data, kafka),
        port=page_port(port),
        private_port=private_port or free_port(),
    )
    url, private_url = f"http://{settings.host}:{settings.port}", f"http://{settings.private_host}:{settings.private_port}"
    announced = _announce(data, url, private_url)
    typer.echo(json.dumps({"url": url, "private_url": private_url}) if as_json else f"The edge is at {url}.")
    try:
        sys.exit(main(settings))
    finally:
        if announced and read_instance(data) is not None:
            update_instance(data, url=None, private_url=None)


def _announce(data: Path, url: str, private_url: str) -> bool:
    """Make this edge the one that commands find, unless the directory has one already; says whether it did."""
    known = read_instance(data)
    if known is not None and known.url is not None:
        return False
    update_instance(data, url=url, private_url=private_url)
    return True
