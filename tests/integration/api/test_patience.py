"""Connections that keep the edge waiting, over real sockets: half a head, a body that never comes, an answer that nobody takes, crowds."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api.auth import mint
from tests.integration.api.harness import PATIENCE_S, SECRET, RunningEdge, StartEdge, TinyWorker, client_of

BULK = "/api/v2/branches/summaries"
POST = (
    "POST {path} HTTP/1.1\r\nHost: e\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)
GET = b"GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n"
HASTY = {"head_s": 1.0, "body_s": 1.0}
FEW, CROWD = 200, 2_000


@asynccontextmanager
async def dialled(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Give an open connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port, limit=2**26)
    try:
        yield reader, writer
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the edge ends the connection. Whoever still writes then may be told of a reset in place of the end."""
    said = b""
    async with asyncio.timeout(PATIENCE_S):
        with suppress(ConnectionResetError):
            while part := await reader.read(2**20):
                said += part
    return said


def answers(said: bytes) -> list[tuple[int, Any]]:
    """Return status and JSON of several answers of known length."""
    found = []
    while said:
        head, _, said = said.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        size = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), 0)
        found.append((int(lines[0].split()[1]), json.loads(said[:size])))
        said = said[size:]
    return found


def asking(path: str, size: int, token: str = "") -> bytes:
    """Return the head of a POST."""
    return POST.format(path=path, token=token or mint(SECRET, "u", ["*"], 60), size=size).encode()


async def measured(edge: RunningEdge, name: str) -> float:
    """Return what the edge says of a metric."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        lines = (await http.get(f"{edge.private_url}/metrics")).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


async def until(edge: RunningEdge, name: str, value: float) -> None:
    """Wait until a metric says this."""
    async with asyncio.timeout(PATIENCE_S):
        while await measured(edge, name) != value:  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.1)


@pytest.fixture
async def hasty(worker: TinyWorker, start_edge: StartEdge) -> RunningEdge:
    """Give an edge that waits for a second."""
    await worker.producer.flush()
    return await start_edge(http=HASTY)


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a header that never ends, byte by byte."""
    with pytest.raises(ConnectionError):  # noqa: PT012  because it comes some time after the end
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)


async def test_half_a_head_is_not_awaited_for_ever(hasty: RunningEdge) -> None:
    """Nothing sent: closed without a word. Half a head, also byte by byte, and also behind answered requests: told what it was."""
    for port in (hasty.url, hasty.private_url):
        async with dialled(port) as (silent, _), dialled(port) as (half, half_out), dialled(port) as (slow, slow_out):
            half_out.write(GET[:20])
            slow_out.write(GET[:-2] + b"X-Slow: ")
            dripping = asyncio.create_task(drip(slow_out))
            nothing, *said = await asyncio.gather(rest(silent), rest(half), rest(slow))  # all at once: a reset ends what is not read yet
            assert nothing == b""
            for one in said:
                [(status, problem)] = answers(one)
                assert (status, problem["code"], problem["temporary"]) == (408, "timeout", True)
            await dripping
    async with dialled(hasty.private_url) as (reader, writer):
        writer.write(GET * 3 + GET[:9])
        assert [status for status, _ in answers(await rest(reader))] == [200, 200, 200, 408]
    async with dialled(hasty.private_url) as (reader, writer):
        writer.write(GET)
        await reader.readuntil(b"}")
        writer.write(b"\r\n")  # no head begins by this, and uvicorn waits no more
        assert await rest(reader) == b""
    assert await measured(hasty, 'edge_ended_connections_total{reason="head"}') >= 8


async def test_a_body_that_never_comes_is_not_awaited(hasty: RunningEdge) -> None:
    """By whoever, to whichever call: a stranger's login, a user's changes, an agent's call. The edge makes no mistake of it."""
    for path in ("/api/v2/login", "/api/v2/changes", f"{BULK}/bulk", "/mcp"):
        async with dialled(hasty.url) as (reader, writer):
            writer.write(asking(path, 100) + b'{"')
            [(status, problem)] = answers(await rest(reader))
            assert (status, problem["code"]) == (408, "timeout")
    async with dialled(hasty.url) as (reader, writer):
        writer.write(asking("/api/v2/changes", 100, "none") + b'{"')
        [(status, problem)] = answers(await rest(reader))
        assert (status, problem["code"]) == (401, "unauthenticated")  # and then it is not awaited either
    assert await measured(hasty, 'edge_ended_connections_total{reason="body"}') == 5


async def test_what_comes_slowly_but_comes_is_awaited(worker: TinyWorker, start_edge: StartEdge) -> None:
    """A body that takes longer than the time for one, at some pace; an answer that takes longer than the time for a head."""
    await worker.add_task("p", "t")
    edge = await start_edge(http={"head_s": 2.0, "body_s": 2.0})
    body = b'{"project_ids": []' + b" " * 250_000 + b"}"
    async with dialled(edge.url) as (reader, writer), client_of(edge) as client:
        writer.write(asking(f"{BULK}/bulk", len(body)))
        for start in range(0, len(body), 10_000):
            writer.write(body[start : start + 10_000])
            await asyncio.sleep(0.1)
        assert b"200 OK" in await reader.readline()
        async with edge.client() as http:
            assert (await http.get("/api/v2/changes", params={"stream": "project:p", "wait": 3})).status_code in {200, 204}
        await client.subscribe("project:p")
        await client.until("sync", "subscribed")


async def test_a_head_has_a_bound(hasty: RunningEdge) -> None:
    """Above it nothing more is read."""
    async with dialled(hasty.url) as (reader, writer):
        writer.write(
            (GET[:-2] + b"X-1: %b\r\n" % (b"x" * 1_000) * 66)[:65_600]
        )  # little more: what it leaves unread would take the answer along
        [(status, problem)] = answers(await rest(reader))
        assert (status, problem["code"]) == (431, "head-too-large")


async def test_an_answer_that_nobody_takes_is_given_up(worker: TinyWorker, start_edge: StartEdge, tmp_path: Path) -> None:
    """Also without a token. Whoever takes it slowly gets all of it."""
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<html></html>")
    (page / "large.bin").write_bytes(bytes(8 * 2**20))
    await worker.producer.flush()
    edge = await start_edge(web_dir=page, limits={"stall_ms": 2_000})
    asked = b"GET /large.bin HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(edge.url).port or 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.sendall(asked)
        async with dialled(edge.url) as (reader, writer):
            writer.write(asked)
            taken = 0
            while piece := await reader.read(400_000):
                taken += len(piece)
                await asyncio.sleep(0.1)
            assert taken > 8 * 2**20
        await until(edge, 'edge_ended_connections_total{reason="stalled"}', 1)


async def test_two_thousand_idle_connections_stop_nobody(worker: TinyWorker, start_edge: StartEdge) -> None:
    """Only so many are held; those who came first go first; and a client beside them is served by HTTP and WebSocket all the time."""
    await worker.add_task("p", "t")
    edge = await start_edge(http={"idle_connections": FEW, "head_s": 120.0})
    crowd: list[socket.socket] = []
    try:
        async with edge.client() as http, client_of(edge) as client:
            await client.subscribe("project:p")
            await client.until("sync", "subscribed")
            for number in range(CROWD):
                crowd.append(socket.create_connection(("127.0.0.1", urlsplit(edge.url).port or 0)))
                if number % 100 == 0:
                    await asyncio.sleep(0)
                    assert (await http.get(BULK)).status_code == 200
                    await client.until_sequence("project:p", await worker.add_task("p", f"t{number}"))
            assert await measured(edge, "edge_waiting_connections") <= FEW + 2
            assert await measured(edge, 'edge_ended_connections_total{reason="crowd"}') >= CROWD - FEW - 10
            assert crowd[0].recv(1) == b""
            crowd[-1].sendall(GET)
            assert (await asyncio.to_thread(crowd[-1].recv, 12)) == b"HTTP/1.1 404"
            assert (await http.get(BULK)).status_code == 200
    finally:
        for one in crowd:
            one.close()
    await until(edge, "edge_waiting_connections", 0)
