"""Edges and crowds of clients as processes of their own, for tests of what many clients see."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from api.auth import mint
from benchmarks.harness import rooms
from benchmarks.harness.rooms import Crowd
from broker.connection import KafkaSettings
from broker.ports import free_ports
from tests.integration.api.harness import SECRET
from tests.integration.api.tiny_worker import TinyWorker

STREAMS = [f"project:p{number}" for number in range(4)]
PATIENCE_S = 60
HEADERS = f"Authorization: Bearer {mint(SECRET, 'crowd', ['*'], 3600)}\r\nSec-WebSocket-Protocol: summary.v2\r\n"


@contextlib.asynccontextmanager
async def edge(
    topics: KafkaSettings, folder: Path, port: int, *more: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run `anabranch edge` on this port until the block ends; gives the process and its private port. The next port is a second one's."""
    private = free_ports(2)[0]
    variables = {
        **os.environ,
        "ANABRANCH_JWT_SECRET": SECRET,
        "ANABRANCH_REUSE_PORT": "true",
        "ANABRANCH_KAFKA__TOPIC_PREFIX": topics.topic_prefix,
        "ANABRANCH_LIMITS__CONNECTIONS_PER_USER": "100000",
        **(environment or {}),
    }
    command = ["-m", "cli.main", "edge", "--data", str(folder), "--kafka", topics.bootstrap, "--port", str(port), *more]
    with (folder / "edge.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, "--private-port", str(private), stdout=output, stderr=output, env=variables
        )
    try:
        yield process, private
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_S)


async def ready(*private_ports: int) -> None:
    """Wait until all of these edges are ready."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http, asyncio.timeout(PATIENCE_S):
        for port in private_ports:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK:
                        break
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def crowd(port: int, clients: int, streams: Sequence[str], **options: object) -> AsyncIterator[Crowd]:
    """Run clients that follow streams, until the block ends; they are all there when it begins.

    `tell` lets them come to the end of what was published. options: of `benchmarks.harness.followers`; dense, where nothing else is
    published in the partition of the stream.
    """
    async with rooms.crowd(port, clients, "follow", SECRET, streams=list(streams), **options) as here:
        assert await asyncio.wait_for(here.line(), 2 * PATIENCE_S) == "ready"
        yield here


class Publisher:
    """Changes projects in turn at a steady pace.

    Each of four gets at most 25 changes a second: who is away for the three seconds of a goodbye has missed far fewer than the 300
    from which on a snapshot is sent instead, however fast the machine is.
    """

    def __init__(self, worker: TinyWorker, streams: Sequence[str], pause_s: float) -> None:
        self._worker = worker
        self._projects = [stream.removeprefix("project:") for stream in streams]
        self._pause_s = pause_s
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Publish until `stop`."""
        number = 0
        while not self._stop.is_set():
            number += 1
            await self._worker.add_task(self._projects[number % len(self._projects)], f"t{number % 20}")
            await asyncio.sleep(self._pause_s)

    async def stop(self, running: "asyncio.Task[None]") -> None:
        """Publish no more."""
        self._stop.set()
        await running


@contextlib.asynccontextmanager
async def publishing(worker: TinyWorker, streams: Sequence[str] = STREAMS, pause_s: float = 0.01) -> AsyncIterator[None]:
    """Change projects all the time."""
    publisher = Publisher(worker, streams, pause_s)
    running = asyncio.create_task(publisher.run())
    try:
        yield
    finally:
        await publisher.stop(running)


def good(found: dict[str, Any], clients: int) -> None:
    """Check that nobody lost anything, got anything twice, or stayed behind."""
    assert {name: found[name] for name in ("clients", "lost", "doubled", "behind")} == {
        "clients": clients,
        "lost": 0,
        "doubled": 0,
        "behind": 0,
    }


async def begun(worker: TinyWorker) -> None:
    """Let the projects be there."""
    for stream in STREAMS:
        await worker.add_task(stream.removeprefix("project:"), "t0")


async def measured(private: int, name: str) -> float:
    """Return what a metric of an edge says."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        text = (await http.get(f"http://127.0.0.1:{private}/metrics")).text
    return float(text.split(f"\n{name} ")[1].split("\n")[0])


async def until_measured(private: int, name: str, wanted: float) -> None:
    """Wait until a metric of an edge says this."""
    async with asyncio.timeout(PATIENCE_S):
        while await measured(private, name) != wanted:  # noqa: ASYNC110  because it is another process's
            await asyncio.sleep(0.1)
