"""docs/runbooks/upgrade.md: every worker and edge is started anew while events come in and pages are open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from api.auth import mint
from audit.app import run
from audit.edge import Edge
from broker.connection import KafkaSettings
from broker.ports import free_port
from tests.integration.api.harness import SECRET
from tests.integration.api.processes import crowd, good, until_measured
from tests.integration.cli.parts import Running, part
from tests.integration.streams.topic_log import send, task_events

CLIENTS = 20
STREAMS = [f"project:project-{number}" for number in range(4)]
EDGE = {"ANABRANCH_JWT_SECRET": SECRET, "ANABRANCH_REUSE_PORT": "true", "ANABRANCH_LIMITS__CONNECTIONS_PER_USER": "1000"}


class Parts:
    """Workers and edges by name, each of which can be stopped and started."""

    def __init__(self, kafka: KafkaSettings, folder: Path, port: int) -> None:
        self._kafka = kafka
        self._folder = folder
        self._port = port
        self._running: dict[str, tuple[Running, AsyncExitStack]] = {}

    async def start(self, name: str) -> Running:
        """Start a part and wait until it is ready."""
        stack = AsyncExitStack()
        is_worker = name.startswith("worker")
        words = ("--worker-dir", str(self._folder / name)) if is_worker else ("--port", str(self._port))
        settings = {} if is_worker else EDGE
        entered = await stack.enter_async_context(part(name.partition("-")[0], self._kafka, self._folder, *words, **settings))
        self._running[name] = entered, stack
        return entered

    async def stop(self, name: str) -> None:
        """Ask a part to end: it must do so in order."""
        running, stack = self._running.pop(name)
        code = await running.stop()
        await stack.aclose()
        assert code == 0, name

    async def stop_all(self) -> None:
        """End what still runs."""
        for name in list(self._running):
            await self.stop(name)


@asynccontextmanager
async def traffic(kafka: KafkaSettings) -> AsyncIterator[None]:
    """Write events all the time. It is not cut off in the end: a producer that is cancelled while it starts is never closed."""
    over = asyncio.Event()

    async def write() -> None:
        number = 100
        while not over.is_set():
            number += 1
            await send(kafka, task_events(20, seed=number))
            await asyncio.sleep(0.2)

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        over.set()
        await writing


@pytest.mark.timeout(300)  # six parts are started, each a program of its own
async def test_everything_is_started_anew_under_traffic(topics: KafkaSettings, tmp_path: Path) -> None:
    """Workers, then edges, one by one: no client misses or doubles anything, and the recount agrees with rows and edge."""
    port = free_port()
    parts = Parts(topics, tmp_path, port)
    try:
        for name in ("worker-0", "worker-1", "edge-0"):
            await parts.start(name)
        await send(topics, task_events(300, seed=99))
        assert (await run(topics, None, 60.0, 20)).differences == []
        async with crowd(port, CLIENTS, STREAMS) as clients:
            async with traffic(topics):
                for name in ("worker-0", "worker-1"):
                    await parts.stop(name)
                    await parts.start(name)
                edge = await parts.start("edge-1")
                await parts.stop("edge-0")
                await until_measured(int(edge.private_url.rpartition(":")[2]), "websocket_connections_total", CLIENTS)
            result = await run(topics, Edge(f"http://127.0.0.1:{port}", mint(SECRET, "audit", ["*"], 600, "admin")), 60.0, 20)
            assert result.differences == []
            assert result.events > 300
            good(await clients.tell(), CLIENTS)
    finally:
        await parts.stop_all()
