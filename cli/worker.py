"""`anabranch worker`: one worker of the group."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from broker.parts import announced, private_url
from broker.ports import free_port
from cli.options import DEFAULT_DATA, Data, JsonLog, Kafka, bootstrap, checked
from cli.process import prepare_process


def worker(
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    worker_dir: Annotated[
        Path | None, typer.Option("--worker-dir", metavar="DIR", help="This worker's own store; default: DIR/worker of --data.")
    ] = None,
    private_port: Annotated[
        int, typer.Option("--private-port", envvar="ANABRANCH_PRIVATE_PORT", help="Port for health and metrics; 0 takes a free one.")
    ] = 0,
    *,
    as_json: JsonLog = False,
) -> None:
    """Run one worker until Ctrl-C. A second one joins with a --worker-dir of its own and takes over its share of the partitions."""
    from streams.app import main  # noqa: PLC0415  because Faust takes a second to import and only this command needs it
    from streams.settings import WorkerSettings  # noqa: PLC0415  with it

    prepare_process(as_json=as_json)
    port, directory = private_port or free_port(), (worker_dir or data / "worker").resolve()
    settings = checked(WorkerSettings, kafka=bootstrap(data, kafka), worker_dir=directory, private_port=port)
    with announced(data, "worker", private_url(settings.private_host, port), directory=directory):
        code = main(settings)
    sys.exit(code)
