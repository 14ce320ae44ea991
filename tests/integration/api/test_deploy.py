"""Edges come and go while clients stay: nothing is lost and nothing comes twice. Edges and clients are processes of their own."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from api.auth import mint
from broker.connection import KafkaSettings
from broker.ports import free_port
from tests.integration.api.harness import SECRET
from tests.integration.api.tiny_worker import TinyWorker

CLIENTS = int(os.environ.get("DEPLOY_CLIENTS", "300"))
"""2 000 when it is measured; fewer where cores are shared."""
STREAMS = [f"project:p{number}" for number in range(4)]
PATIENCE_S = 60


@contextlib.asynccontextmanager
async def edge(topics: KafkaSettings, folder: Path, port: int, *more: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run `anabranch edge` on this port until the block ends; gives the process and its first private port."""
    private = free_port()
    environment = {
        **os.environ,
        "ANABRANCH_JWT_SECRET": SECRET,
        "ANABRANCH_REUSE_PORT": "true",
        "ANABRANCH_KAFKA__TOPIC_PREFIX": topics.topic_prefix,
        "ANABRANCH_LIMITS__CONNECTIONS_PER_USER": "100000",
    }
    command = ["-m", "cli.main", "edge", "--data", str(folder), "--kafka", topics.bootstrap, "--port", str(port), *more]
    with (folder / "edge.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, "--private-port", str(private), stdout=output, stderr=output, env=environment
        )
    try:
        yield process, private
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_S)


async def ready(*private_ports: int) -> None:
    """Wait until all of these edges are ready."""
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(PATIENCE_S):
        for port in private_ports:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK:
                        break
                await asyncio.sleep(0.05)


class Crowd:
    """Many clients in a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        """Return the next line it prints."""
        assert self._process.stdout is not None
        return (await asyncio.wait_for(self._process.stdout.readline(), 2 * PATIENCE_S)).decode().strip()

    async def end(self) -> dict[str, Any]:
        """Let all come to the end of what was published; returns what they saw."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()
        found: dict[str, Any] = json.loads(await self.line())
        return found


@contextlib.asynccontextmanager
async def crowd(port: int, clients: int, streams: Sequence[str]) -> AsyncIterator[Crowd]:
    """Run clients that follow streams, until the block ends; they are all there when it begins."""
    headers = f"Authorization: Bearer {mint(SECRET, 'crowd', ['*'], 3600)}\r\nSec-WebSocket-Protocol: summary.v2\r\n"
    options = json.dumps({"mode": "follow", "port": port, "clients": clients, "streams": list(streams), "headers": headers})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.harness.crowd", options, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    here = Crowd(process)
    try:
        assert await here.line() == "ready"
        yield here
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()  # closes the pipes


class Publisher:
    """Changes the projects at a steady pace.

    Every project gets at most 25 changes a second: who is away for the three seconds of a goodbye has missed far fewer than the 300
    from which on a snapshot is sent instead, however fast the machine is.
    """

    PAUSE_S = 0.01

    def __init__(self, worker: TinyWorker) -> None:
        self._worker = worker
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Publish until `stop`."""
        number = 0
        while not self._stop.is_set():
            number += 1
            await self._worker.add_task(f"p{number % 4}", f"t{number % 20}")
            await asyncio.sleep(self.PAUSE_S)

    async def stop(self, running: "asyncio.Task[None]") -> None:
        """Publish no more."""
        self._stop.set()
        await running


@contextlib.asynccontextmanager
async def publishing(worker: TinyWorker) -> AsyncIterator[None]:
    """Change four projects all the time."""
    publisher = Publisher(worker)
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


async def test_a_rolling_deploy_loses_and_doubles_nothing(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """The new edge is ready before the old one says goodbye; clients come back by their places, spread over the hint's time."""
    await begun(worker)
    port = free_port()
    async with edge(topics, tmp_path, port) as (old, old_private):
        await ready(old_private)
        async with crowd(port, CLIENTS, STREAMS) as clients, edge(topics, tmp_path, port) as (_, new_private):
            async with publishing(worker):
                await ready(new_private)
                old.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(old.wait(), PATIENCE_S) == 0
                await asyncio.sleep(3)
            found = await clients.end()
            good(found, CLIENTS)
            assert found["returned"] == CLIENTS
            assert found["snapshots"] == CLIENTS  # the first ones: coming back needs none


async def test_an_edge_that_is_killed_loses_and_doubles_nothing(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """No goodbye: clients come back at some time within five seconds, all to the other edge."""
    await begun(worker)
    port = free_port()
    async with edge(topics, tmp_path, port) as (old, old_private), edge(topics, tmp_path, port) as (_, other):
        await ready(old_private, other)
        async with crowd(port, CLIENTS, STREAMS) as clients:
            async with publishing(worker):
                old.kill()
                await asyncio.sleep(6)
            found = await clients.end()
            good(found, CLIENTS)
            assert 0 < found["returned"] <= CLIENTS


async def test_several_workers_share_a_port(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """Each with its own health; one that dies is started again, and its clients lose nothing; all end with the first process."""
    await begun(worker)
    port = free_port()
    async with edge(topics, tmp_path, port, "--workers", "2") as (parent, private):
        await ready(private, private + 1)
        async with crowd(port, 50, STREAMS) as clients:
            async with publishing(worker):
                counts = [await _connections(private + number) for number in range(2)]
                assert sum(counts) == 50
                assert min(counts) > 0
                os.kill(_children(parent.pid)[0], signal.SIGKILL)
                await asyncio.sleep(1)
                await ready(private, private + 1)
            good(await clients.end(), 50)
        parent.terminate()
        assert await asyncio.wait_for(parent.wait(), PATIENCE_S) == 0


async def _connections(private: int) -> float:
    async with httpx.AsyncClient(trust_env=False) as http:
        text = (await http.get(f"http://127.0.0.1:{private}/metrics")).text
    return float(text.split("\nwebsocket_connections_total ")[1].split("\n")[0])


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
