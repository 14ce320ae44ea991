"""Edges come and go while clients stay: nothing is lost and nothing comes twice. Edges and clients are processes of their own."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import psutil

from broker.connection import KafkaSettings
from broker.ports import free_port
from tests.integration.api.processes import PATIENCE_S, STREAMS, begun, crowd, edge, good, measured, publishing, ready, until_measured
from tests.integration.api.tiny_worker import TinyWorker

CLIENTS = int(os.environ.get("DEPLOY_CLIENTS", "300"))
"""2 000 when it is measured; fewer where cores are shared."""
CONNECTIONS = "websocket_connections_total"


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
                await until_measured(new_private, CONNECTIONS, CLIENTS)
            found = await clients.tell()
            good(found, CLIENTS)
            assert found["returned"] == CLIENTS
            assert found["snapshots"] == CLIENTS  # the first ones: coming back needs none


async def test_an_edge_that_is_killed_loses_and_doubles_nothing(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """No goodbye: clients come back at some time within two seconds, all to the other edge."""
    await begun(worker)
    port = free_port()
    async with edge(topics, tmp_path, port) as (old, old_private), edge(topics, tmp_path, port) as (_, other):
        await ready(old_private, other)
        async with crowd(port, CLIENTS, STREAMS, untold_s=2.0) as clients:
            async with publishing(worker):
                old.kill()
                await until_measured(other, CONNECTIONS, CLIENTS)
            found = await clients.tell()
            good(found, CLIENTS)
            assert 0 < found["returned"] <= CLIENTS


async def test_a_stampede_after_a_kill_is_served_with_one_snapshot(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """All come back at the same moment and without a place: the other edge has all of them up to date with a few seconds of its CPU."""
    await begun(worker)
    port = free_port()
    async with edge(topics, tmp_path, port) as (old, old_private):
        await ready(old_private)
        async with (
            crowd(port, CLIENTS, STREAMS[:1], untold_s=0.0, forget=True) as clients,
            edge(topics, tmp_path, port) as (new, new_private),
        ):
            await ready(new_private)
            before = cpu_s(new.pid)
            old.kill()
            await until_measured(new_private, CONNECTIONS, CLIENTS)
            await worker.add_task("p0", "t1")
            found = await clients.tell()
            good(found, CLIENTS)
            assert found["returned"] >= CLIENTS  # a connection that the old edge had not accepted yet ends with it, and is tried again
            assert found["snapshots"] == 2 * CLIENTS
            assert cpu_s(new.pid) - before < 10  # of its own time, however busy the machine is


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


async def test_several_workers_share_a_port(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """Each with its own health; one that dies is started again, and its clients lose nothing; all end with the first process."""
    await begun(worker)
    port = free_port()
    async with edge(topics, tmp_path, port, "--workers", "2") as (parent, private):
        await ready(private, private + 1)
        async with crowd(port, 50, STREAMS) as clients:
            async with publishing(worker):
                await _sign_in(port, private)
                counts = [await measured(private + number, CONNECTIONS) for number in range(2)]
                assert sum(counts) == 50
                assert min(counts) > 0
                victim = _children(parent.pid)[0]
                os.kill(victim, signal.SIGKILL)
                while victim in _children(parent.pid):  # noqa: ASYNC110  because it is another process
                    await asyncio.sleep(0.05)
                await ready(private, private + 1)
            good(await clients.tell(), 50)
        parent.terminate()
        assert await asyncio.wait_for(parent.wait(), PATIENCE_S) == 0


async def _sign_in(port: int, private: int) -> None:
    """Take login codes that one worker made, whichever worker answers; a new connection each, so that it is not always the same."""
    for _ in range(6):
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
            made = (await http.post(f"http://127.0.0.1:{private}/login-codes", json={"user": "me"})).json()
            for expected in (200, 401):
                async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as page:
                    answer = await page.post(f"http://127.0.0.1:{port}/api/v2/login", json={"code": made["code"]})
                assert answer.status_code == expected


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
