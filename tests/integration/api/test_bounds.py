"""How often one may call and how much one may send: shared by several edges in a real Redis, by address for those who are not signed in."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from api.auth import mint
from broker.ports import free_port
from tests.integration.api.harness import SECRET, RunningEdge, StartEdge, TinyWorker, until_closed

BULK = "/api/v2/branches/summaries"


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    """Run a Redis of its own that keeps nothing; gives its port and process."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no Redis here: install the package redis-server")
    port = free_port()
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = await asyncio.create_subprocess_exec(program, *arguments, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield port, process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_two_edges_share_a_quota_in_redis(worker: TinyWorker, start_edge: StartEdge, tmp_path: Path) -> None:
    """What one edge gave counts at the other; each user has its own; without Redis each edge counts for itself, and nobody is stopped."""
    await worker.producer.flush()
    async with redis(tmp_path) as (port, process):
        http = {"bulk_calls": 5, "quota_store": f"async+redis://127.0.0.1:{port}/0"}
        edges = [await start_edge(http=http) for _ in range(2)]
        async with edges[0].client() as one, edges[1].client() as two, edges[1].client("v") as other:
            answers = [await (one, two)[number % 2].get(BULK) for number in range(6)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429]
            assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=4", "r=3", "r=2", "r=1", "r=0", "r=0"]
            assert (await one.get(BULK)).status_code == 429
            assert (await other.get(BULK)).status_code == 200
            process.terminate()
            await process.wait()
            assert [(await client.get(BULK)).status_code for client in (one, two)] == [200, 200]


async def test_one_address_may_not_try_for_ever(worker: TinyWorker, start_edge: StartEdge) -> None:
    """By HTTP, WebSocket and login together; whoever is signed in does not notice."""
    await worker.producer.flush()
    edge = await start_edge(http={"stranger_tries": 4})
    forged = mint("another secret of more than 32 characters!", "u", ["*"], 60)
    async with httpx.AsyncClient(base_url=edge.url, trust_env=False, timeout=20) as stranger, edge.client() as user:
        assert (await stranger.get(BULK)).status_code == 401
        assert (await stranger.post("/mcp", json={})).status_code == 401
        assert (await stranger.post("/api/v2/login", json={"code": "guessed"})).json()["code"] == "login-code"
        assert await code_of(edge, forged) == 4401
        refused = await stranger.get(BULK)
        assert (refused.status_code, refused.json()["code"], 0 < int(refused.headers["retry-after"]) <= 61) == (429, "rate", True)
        assert (await stranger.post("/api/v2/login", json={"code": "guessed"})).status_code == 429
        assert await code_of(edge, forged) == 4429
        assert (await user.get(BULK)).status_code == 200
        assert await code_of(edge, mint(SECRET, "u", ["*"], 2)) == 4401  # at its end: it was let in


async def test_only_a_proxy_says_who_calls(worker: TinyWorker, start_edge: StartEdge) -> None:
    """What anybody writes into the header counts for nothing; what a proxy that is named says does."""
    await worker.producer.flush()
    for proxies, expected in (((), [401, 429]), (("127.0.0.1",), [401, 401])):
        edge = await start_edge(http={"stranger_tries": 1}, proxies=proxies)
        async with httpx.AsyncClient(base_url=edge.url, trust_env=False, timeout=20) as stranger:
            found = [await stranger.get(BULK, headers={"X-Forwarded-For": f"10.0.0.{number}"}) for number in range(2)]
        assert [answer.status_code for answer in found] == expected


async def code_of(edge: RunningEdge, token: str) -> int | None:
    """Return the code that a socket with this token is closed with."""
    url = edge.url.replace("http", "ws") + "/ws/v2"
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None) as socket:
        return await until_closed(socket)


async def test_no_body_is_read_beyond_its_limit(worker: TinyWorker, start_edge: StartEdge) -> None:
    """To whichever call, also of one who is not signed in: who sends without an end is told so while it sends."""
    await worker.producer.flush()
    edge = await start_edge(http={"body_bytes": 100_000})
    async with edge.client() as client:
        for path in ("/api/v2/login", "/api/v2/changes", f"{BULK}/bulk"):
            answer = await client.post(path, content=_without_end(), headers={"Content-Type": "application/json"})
            assert (path, answer.status_code, answer.json()["code"]) == (path, 413, "too-large")


async def _without_end() -> AsyncIterator[bytes]:
    yield b'{"code": "'
    for _ in range(200):  # 20 MB: what is read at all would be read
        yield b"x" * 100_000
