"""`anabranch kafka`: the embedded broker alone, so that workers and edges can be started beside it."""

import asyncio
import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from broker.embedded import EmbeddedKafka
from broker.instance import read_instance, remove_instance, update_instance
from cli.options import DEFAULT_DATA, Data, Json

_MAX_PORT: Final = 65535


@dataclass(frozen=True)
class Ready:
    """What `kafka --json` prints when a record went through."""

    kafka: str
    data: str
    pid: int | None
    log: str


def kafka(
    data: Data = DEFAULT_DATA,
    port: Annotated[
        int, typer.Option("--port", min=0, max=_MAX_PORT, help="Port for clients; 0 takes that of the last start, or a free one.")
    ] = 0,
    heap_mb: Annotated[
        int | None, typer.Option("--heap-mb", min=128, help="Memory for Kafka's heap, in MiB (default 256, in production 1024).")
    ] = None,
    *,
    production: Annotated[bool, typer.Option("--production", help="For measurements: all compilers and more heap.")] = False,
    as_json: Json = False,
) -> None:
    """Run Apache Kafka alone on a data directory, until Ctrl-C; the data stays."""
    console = Console(stderr=True, quiet=as_json)
    asyncio.run(_run(EmbeddedKafka(data, port, heap_mb=heap_mb, production=production, progress=console.print), as_json=as_json))


async def _run(broker: EmbeddedKafka, *, as_json: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = asyncio.ensure_future(_serve(broker, as_json=as_json))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        stopping.cancel()
        running.cancel()
        await asyncio.wait({running, stopping})
        await broker.stop()


async def _serve(broker: EmbeddedKafka, *, as_json: bool) -> None:
    await broker.start()
    ready = Ready(broker.bootstrap, str(broker.data_dir), broker.pid, str(broker.log_path))
    _announce(broker.data_dir, broker.bootstrap)
    try:
        typer.echo(json.dumps(asdict(ready)) if as_json else f"Kafka is ready at {ready.kafka}. Data in {ready.data}; Ctrl-C stops it.")
        await broker.watch()
    finally:
        _take_back(broker.data_dir)


def _announce(data: Path, bootstrap: str) -> None:
    """Say in the data directory that Kafka runs, beside what else runs there."""
    if read_instance(data) is None:
        remove_instance(data)  # what a killed process left
        update_instance(data, kafka=bootstrap, pid=os.getpid())
    else:
        update_instance(data, kafka=bootstrap)


def _take_back(data: Path) -> None:
    instance = read_instance(data)
    if instance is not None and instance.pid == os.getpid():
        remove_instance(data)
    elif instance is not None:
        update_instance(data, kafka=None)
