"""`anabranch up`: the whole system on one machine."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console

from broker.admin import apply_topics
from broker.connection import KafkaSettings
from broker.embedded import EmbeddedKafka
from broker.instance import Instance, read_instance, remove_instance, write_instance
from broker.ports import free_port
from cli.child import Child, Plan
from cli.options import DEFAULT_DATA, DEFAULT_PORT, Data, Json, Kafka, page_port
from cli.process import check_environment
from schemas.failure import Failure, UsageFailure

READY_TIMEOUT_S: Final = 90.0
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Ready:
    """What `up --json` prints when the page answers."""

    url: str
    login_url: str
    private_url: str
    kafka: str
    data: str


def up(
    data: Data = DEFAULT_DATA,
    port: Annotated[int | None, typer.Option("--port", help=f"Port of the page (default {DEFAULT_PORT}, or a free one).")] = None,
    kafka: Kafka = None,
    *,
    as_json: Json = False,
) -> None:
    """Start Kafka, a worker, an edge and the page; Ctrl-C stops all of it and keeps the data."""
    console = Console(stderr=True, quiet=as_json)
    data.mkdir(parents=True, exist_ok=True)
    asyncio.run(_run(data.resolve(), port, kafka, console, as_json=as_json))


async def _run(data: Path, port: int | None, kafka: str | None, console: Console, *, as_json: bool) -> None:
    check_environment()
    other = read_instance(data)
    if other is not None:
        raise UsageFailure(f"An instance already runs on {data} (process {other.pid}, {other.url}): stop it first, or name another --data.")
    stop = _stop_signal()
    async with AsyncExitStack() as stack:
        starting = asyncio.ensure_future(_start(stack, data, port, kafka, console))
        await _first(starting, stop)
        if not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
            return
        ready, children = await starting
        typer.echo(json.dumps(asdict(ready)) if as_json else f"anabranch is ready. Open {ready.login_url}")
        console.print(f"[dim]Data in {data}. Ctrl-C stops everything and keeps the data.[/dim]")
        await _first(children, stop)
        if children.done():
            children.result()
        console.print("Stopping …")


async def _start(
    stack: AsyncExitStack, data: Path, port: int | None, kafka: str | None, console: Console
) -> tuple[Ready, asyncio.Future[None]]:
    tell: Tell = console.print
    url_port, private_port, worker_port = page_port(port), free_port(), free_port()
    with console.status("Kafka …") as status:
        broker = None if kafka else await stack.enter_async_context(EmbeddedKafka(data, progress=status.update))
        bootstrap = broker.bootstrap if broker else str(kafka)
        settings = KafkaSettings(bootstrap=bootstrap)
        status.update("Topics …")
        await apply_topics(settings, profile="dev")
        url, private_url = f"http://127.0.0.1:{url_port}", f"http://127.0.0.1:{private_port}"
        write_instance(data, Instance(url=url, private_url=private_url, kafka=bootstrap, data=str(data), pid=os.getpid()))
        stack.callback(remove_instance, data)
        status.update("Worker and edge …")
        where = ("--data", str(data), "--kafka", bootstrap)
        worker = Child(Plan("worker", ("worker", *where, "--private-port", str(worker_port)), data / "logs" / "worker.log"), tell)
        edge = Child(
            Plan("edge", ("edge", *where, "--port", str(url_port), "--private-port", str(private_port)), data / "logs" / "edge.log"), tell
        )
        children = asyncio.ensure_future(_watch(_keep(broker, tell), worker.run(), edge.run()))
        stack.push_async_callback(_end, children, edge, worker)
        await _ready(children, f"http://127.0.0.1:{worker_port}", worker)
        await _ready(children, private_url, edge)
    code = await login_code(private_url)
    return Ready(url=url, login_url=f"{url}/#code={code}", private_url=private_url, kafka=bootstrap, data=str(data)), children


async def _watch(*running: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*running)


async def _keep(broker: EmbeddedKafka | None, tell: Tell) -> None:
    """Start the broker again whenever it ends by itself; its data and address stay."""
    while broker is not None:
        try:
            await broker.watch()
        except Failure as failure:
            tell(f"{failure} It is started again.")
            await broker.kill()
            await broker.start()
        else:
            return


async def _end(watching: asyncio.Future[None], *children: Child) -> None:
    for child in children:
        await child.stop()
    watching.cancel()
    await asyncio.wait([watching])


async def _ready(children: asyncio.Future[None], private_url: str, child: Child) -> None:
    deadline = asyncio.get_running_loop().time() + READY_TIMEOUT_S
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        while asyncio.get_running_loop().time() < deadline:
            if children.done():
                children.result()
            try:
                if (await client.get(f"{private_url}/readyz")).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
    raise Failure(f"The {child.plan.name} was not ready within {READY_TIMEOUT_S:g} s: {child.last_line()} (log: {child.plan.log})")


async def login_code(private_url: str) -> str:
    """Return a one-time code for the page, made by the edge on its private port."""
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        answer = await client.post(
            f"{private_url}/login-codes", json={"user": os.environ.get("USER") or "me", "projects": ["*"], "ttl_s": 86400}
        )
    answer.raise_for_status()
    return str(answer.json()["code"])


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _first(task: asyncio.Future[Any], stop: asyncio.Event) -> None:
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
