"""`anabranch status`: one screen that says where every partition and every edge stands."""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from broker.connection import KafkaSettings
from broker.group import describe_group
from broker.parts import running_parts
from broker.reach import quiet_clients
from cli.operate.asking import ask_all
from cli.operate.picture import Look, Picture, picture
from cli.operate.screen import screen
from cli.options import DEFAULT_DATA, Ask, Data, Json, Kafka, application_id, kafka_settings
from streams.engine.probe import read_layout

_GLANCE_S: Final = 1.0
_PIPE_WIDTH: Final = 160

Watch = Annotated[bool, typer.Option("--watch", help="Show it again and again until Ctrl-C.")]
Interval = Annotated[float, typer.Option("--interval", metavar="SECONDS", min=0.2, help="Pause between two looks with --watch.")]


def status(
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    ask: Ask = None,
    interval: Interval = 2.0,
    *,
    watch: Watch = False,
    as_json: Json = False,
) -> None:
    """Show each partition's owner, lag, rate, store and epoch, and where each edge stands.

    Kafka knows the group and the log; the rest comes from the private ports of workers and edges: those that run on the data
    directory, and those named by --ask.
    """
    settings = kafka_settings(data, kafka)
    with quiet_clients():
        if watch:
            asyncio.run(_watch(settings, data, ask or [], interval, as_json=as_json))
        else:
            _show(asyncio.run(once(settings, data, ask or [])), as_json=as_json)


async def look(settings: KafkaSettings, data: Path, ask: Sequence[str]) -> Look:
    """Look once at Kafka and at all parts. Raises `Failure` when Kafka cannot be asked."""
    layout = await read_layout(settings, 0)
    group, answers = await asyncio.gather(describe_group(settings, application_id()), ask_all(running_parts(data), ask))
    return Look(time.monotonic(), group, answers, {number: life.epoch for number, life in layout.lives.items()})


async def once(settings: KafkaSettings, data: Path, ask: Sequence[str]) -> Picture:
    """Return the picture of now, with the rates of the last second."""
    before = await look(settings, data, ask)
    await asyncio.sleep(_GLANCE_S)
    return picture(settings.bootstrap, before, await look(settings, data, ask))


async def _watch(settings: KafkaSettings, data: Path, ask: Sequence[str], interval: float, *, as_json: bool) -> None:
    before: Look | None = None
    on_screen = sys.stdout.isatty() and not as_json
    with Live(auto_refresh=False) if on_screen else nullcontext() as live:
        while True:
            now = await look(settings, data, ask)
            found = picture(settings.bootstrap, before, now)
            if live is None:
                _show(found, as_json=as_json)
            else:
                live.update(screen(found), refresh=True)
            before = now
            await asyncio.sleep(interval)


def _show(found: Picture, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        sys.stdout.flush()
    else:
        Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(screen(found))
        sys.stdout.flush()
