"""Very many joins over real sockets while everything moves: nobody misses a frame, nobody gets one twice."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

from broker.connection import KafkaSettings
from broker.ports import free_port
from tests.integration.api.processes import crowd, edge, good, publishing, ready
from tests.integration.api.tiny_worker import TinyWorker

CLIENTS = int(os.environ.get("JOIN_CLIENTS", "2000"))
STREAM = "project:p0"


async def test_two_thousand_joins_under_continuous_publishing(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """Each is there at another moment. From its snapshot on it has every sequence there is, once, and all come to the same end."""
    await worker.add_task("p0", "t0")
    port = free_port()
    async with edge(topics, tmp_path, port) as (_, private):
        await ready(private)
        async with AsyncExitStack() as moving:
            await moving.enter_async_context(publishing(worker, [STREAM], 0.1))
            async with crowd(port, CLIENTS, [STREAM], dense=True) as clients:
                await asyncio.sleep(1)
                await moving.aclose()
                found = await clients.tell()
    good(found, CLIENTS)
    assert found["snapshots"] == CLIENTS
    assert found["came"] > 10 * CLIENTS
