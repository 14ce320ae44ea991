"""Clients that read nothing: a hundred of them beside fifty who read, and what is kept for them here and in the kernel."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

import psutil

from api.transport import HIGH_WATER
from benchmarks.harness.crowd import hello
from benchmarks.harness.sockets import Client as RawClient
from benchmarks.harness.sockets import Crowd as RawCrowd
from broker.connection import KafkaSettings
from broker.ports import free_port
from tests.integration.api.harness import Client, Row, RunningEdge, StartEdge, client_of, flooded
from tests.integration.api.processes import HEADERS, edge, measured, ready, until_measured
from tests.integration.api.tiny_worker import TinyWorker

STALLED, QUICK, SENT = 50, 50, 100
"""Of the stalled ones there are twice so many: those who wake up, and those who never do. More is sent than a ring and sockets hold."""
SEND_BUFFER = 131_072
OUTBOUND = 262_144
MIB = 2**20


class Sleepers:
    """Clients who join a stream and read nothing until they are woken. They are read in a thread of their own."""

    def __init__(self, port: int, first: int) -> None:
        self._crowd = RawCrowd(port, HEADERS, receive_bytes=4096)
        self._first = first
        self.at: dict[int, int] = {}
        self.snapshots: dict[int, int] = {}
        self.gaps = 0

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._crowd.open, STALLED, lambda number: hello(["project:p"], number), self._first)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._crowd.close()

    async def read_to(self, sequence: int) -> None:
        """Wake up and read until all are there."""
        await asyncio.to_thread(self._read_to, sequence)

    def _read_to(self, sequence: int) -> None:
        while len(self.at) < STALLED or min(self.at.values()) < sequence:
            for _ in self._crowd.events(1.0, self._seen):
                pass
            assert len(self._crowd.clients) == STALLED, "who wakes up in time is not ended"

    def _seen(self, client: RawClient, frame: bytes) -> None:
        said = json.loads(frame)
        if "stream" not in said:
            return
        if said["payload"]["action"] == "snapshot":
            self.snapshots[client.number] = self.snapshots.get(client.number, 0) + 1
        else:
            self.gaps += said["prev"] > self.at[client.number]
        self.at[client.number] = said["sequence"]


class Line(RawCrowd):
    """One client behind a slow line."""

    def __init__(self, port: int) -> None:
        super().__init__(port, HEADERS, receive_bytes=4096)
        self._frames: list[Row] = []

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.open, 1, lambda number: hello(["project:p"], number))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def trickle(self) -> None:
        """Take a kilobyte."""
        (client,) = self.clients.values()
        client.sock.settimeout(5)
        client.take(self._seen, 1024)

    def rest(self, sequence: int) -> list[Row]:
        """Take all up to there; return all frames of the stream."""
        while not self._frames or self._frames[-1]["sequence"] < sequence:
            for _ in self.events(1.0, self._seen):
                pass
        return self._frames

    def _seen(self, _client: RawClient, frame: bytes) -> None:
        said = json.loads(frame)
        self._frames += [said] if "stream" in said else []


def kept_by_the_kernel(port: int) -> list[int]:
    """Return the bytes that the system keeps for each connection of a listening port, not yet taken by its peer (proc(5), net/tcp)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[4].split(":")[0], 16) for row in rows if int(row[1].split(":")[1], 16) == port and row[3] == "01"]


@asynccontextmanager
async def reading(port: int) -> AsyncIterator[list[Client]]:
    """Give clients who read, joined."""
    there = RunningEdge(f"http://127.0.0.1:{port}", "", asyncio.Event(), asyncio.get_running_loop().create_future())  # type: ignore[arg-type]  # never awaited
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(QUICK):
            client = await stack.enter_async_context(client_of(there, "quick"))
            await client.subscribe("project:p")  # at once: the edge does not wait for long
            await client.until("bulk", "snapshot")
            clients.append(client)
        yield clients


async def test_a_hundred_stalled_clients_cost_fifty_others_nothing(worker: TinyWorker, topics: KafkaSettings, tmp_path: Path) -> None:
    """Others get every frame in order. The stalled ones are paused, then get what holds now if they wake up, or are ended."""
    first = await worker.add_task("p", "t0")
    port = free_port()
    limits = {"ANABRANCH_LIMITS__RING_FRAMES": "64", "ANABRANCH_LIMITS__STALL_MS": "20000"}  # a busy machine sends for some seconds
    async with edge(topics, tmp_path, port, environment=limits) as (process, private):
        await ready(private)
        async with reading(port) as quick, Sleepers(port, 0) as sleepers, Sleepers(port, STALLED):
            await until_measured(private, "websocket_connections_total", 2 * STALLED + QUICK)
            before = psutil.Process(process.pid).memory_info().rss
            last = await flooded(worker, quick, SENT // 20, 20)
            await until_measured(private, "edge_paused_connections", 2 * STALLED)
            assert 0 < await measured(private, "edge_unsent_bytes") <= 2 * STALLED * (HIGH_WATER + OUTBOUND)
            assert max(kept_by_the_kernel(port)) <= 2 * SEND_BUFFER
            assert psutil.Process(process.pid).memory_info().rss - before <= 2 * STALLED * (HIGH_WATER + OUTBOUND) + 64 * MIB

            await sleepers.read_to(last)
            assert sleepers.gaps == 0
            assert set(sleepers.snapshots.values()) == {2}  # the one of the join, and the one in place of what was missed
            await until_measured(private, "edge_conflated_streams_total", STALLED)

            await until_measured(private, "edge_stalled_connections_total", STALLED)
            await until_measured(private, "websocket_connections_total", STALLED + QUICK)
            await until_measured(private, "edge_paused_connections", 0)
            last = await worker.flood("p", 1, "the end")
            for client in quick:
                await client.until_sequence("project:p", last)
                assert [frame["sequence"] for frame in client.frames if frame["type"] == "update"] == list(range(first + 1, last + 1))


async def test_a_slow_line_is_not_ended_and_ends_with_the_truth(worker: TinyWorker, start_edge: StartEdge) -> None:
    """A kilobyte now and then is progress, though far too little: the client is paused, gets what holds now at last, and stays."""
    edge = await start_edge(limits={"ring_frames": 64, "stall_ms": 4_000})
    first = await worker.add_task("p", "t0")
    async with client_of(edge) as quick, Line(int(edge.url.rpartition(":")[2])) as line, edge.client() as http:
        await quick.subscribe("project:p")
        await quick.until_sequence("project:p", first)
        last = await flooded(worker, [quick], 6, 20)
        for _ in range(28):
            await asyncio.to_thread(line.trickle)
            await asyncio.sleep(0.25)
        assert "edge_stalled_connections_total 0.0" in (await http.get(f"{edge.private_url}/metrics")).text
        frames = await asyncio.to_thread(line.rest, last)
        assert [frame["payload"]["action"] for frame in frames].count("snapshot") == 2
        assert frames[-1]["sequence"] == last
        assert quick.gaps == 0


async def test_the_kernel_keeps_little_for_a_client_that_reads_nothing(worker: TinyWorker, start_edge: StartEdge) -> None:
    """Twice the setting, as Linux counts it; left to itself it keeps megabytes."""
    kept: dict[int, int] = {}
    for size in (SEND_BUFFER, 0):
        here = await start_edge(send_buffer_bytes=size)
        port = int(here.url.rpartition(":")[2])
        crowd = RawCrowd(port, HEADERS, receive_bytes=4096)
        async with client_of(here) as quick:
            await worker.add_task("p", "t0")
            await asyncio.to_thread(crowd.open, 1, lambda number: hello(["project:p"], number))
            await quick.subscribe("project:p")
            await flooded(worker, [quick], 10, 25)
            kept[size] = max(kept_by_the_kernel(port))
        crowd.close()
    assert kept[SEND_BUFFER] <= 2 * SEND_BUFFER < kept[0] / 4
