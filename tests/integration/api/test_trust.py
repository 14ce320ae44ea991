"""Tokens of an identity provider on a real edge: keys over HTTP, their rotation, and revocation on open connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest_asyncio

from tests.integration.api.harness import RunningEdge, StartEdge, TinyWorker, until_closed, until_read
from tests.unit.api.tokens import ISSUER, jwk, key, sign

BULK = "/api/v2/branches/summaries"


class Provider:
    """An identity provider's address of keys, on a real socket."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [jwk("ES256")]
        self.asked = 0
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        body = json.dumps({"keys": self.keys}).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    """Give a test a provider that listens."""
    provider = Provider()
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/certs"
    try:
        yield provider
    finally:
        server.close()


async def status(edge: RunningEdge, token: str) -> int:
    """Return how a call with this token is answered."""
    async with httpx.AsyncClient(base_url=edge.url, trust_env=False, timeout=20) as http:
        return (await http.get(BULK, headers={"Authorization": f"Bearer {token}"})).status_code


async def test_a_provider_s_tokens_open_calls_and_sockets(worker: TinyWorker, start_edge: StartEdge, provider: Provider) -> None:
    """Rights come from the log alone; a new key works as soon as it is there; nobody can sign in with a development token or code."""
    auth = {"jwks_url": provider.url, "issuer": ISSUER, "jwks_again_s": 0.2}
    edge = await start_edge(jwt_secret=None, auth=auth)
    await worker.add_task("p", "t")
    await until_read(edge, await worker.member("p", "u", "viewer"))
    async with httpx.AsyncClient(base_url=edge.url, trust_env=False, timeout=20) as http:
        answer = await http.get(BULK, headers={"Authorization": f"Bearer {sign()}"})
        assert set(answer.json()["projects"]) == {"p"}
        made = await http.post(f"{edge.private_url}/login-codes", json={"user": "me"})
        assert (made.status_code, (await http.get("/docs")).status_code, (await http.get("/openapi.json")).status_code) == (404, 404, 404)
    async with edge.client() as development:
        assert (await development.get(BULK)).status_code == 401
    rotated = sign(header={"kid": "k2"}, signer=key("ES256", "k2"))
    assert await status(edge, rotated) == 401
    provider.keys = [jwk("ES256", "k2")]
    await asyncio.sleep(0.3)
    assert (await status(edge, rotated), await status(edge, sign())) == (200, 401)
    async with edge.dial([f"bearer.{rotated}", "summary.v2"]) as socket:
        assert json.loads(await socket.recv())["payload"]["data"]["user"] == "u"
        renewed = sign(header={"kid": "k2"}, signer=key("ES256", "k2"), jti="t-2")
        await socket.send(json.dumps({"type": "sync", "payload": {"action": "token", "data": {"token": renewed}}}))
        assert json.loads(await socket.recv())["payload"]["action"] == "token"
        await socket.send(json.dumps({"type": "sync", "payload": {"action": "token", "data": {"token": sign()}}}))
        assert await until_closed(socket) == 4401


def token_id(bearer: str) -> str:
    """Return the id of a token that was minted."""
    claims = jwt.decode(bearer.split()[1], options={"verify_signature": False})
    return str(claims["jti"])


async def test_a_revoked_token_is_out_on_open_connections(worker: TinyWorker, start_edge: StartEdge, tmp_path: Path) -> None:
    """Sockets, calls and waiting polls of that token end; those of another token of the same user stay."""
    edge = await start_edge()
    await until_read(edge, await worker.add_task("p", "t"))
    async with edge.client() as http, edge.client() as other, edge.socket() as socket, edge.socket("v") as stays:
        bearer = http.headers["Authorization"]
        waiting = asyncio.create_task(http.get("/api/v2/changes", params={"stream": "project:p", "since": "e1:1"}))
        await asyncio.sleep(0.1)
        (tmp_path / "revoked").write_text(f"jti {token_id(bearer)}\n")
        assert (await waiting).status_code == 401
        assert (await http.get(BULK)).status_code == 401
        assert (await other.get(BULK)).status_code == 200
        (tmp_path / "revoked").write_text("sub u\n")
        assert await until_closed(socket) == 4401
        assert (await other.get(BULK)).status_code == 401
        await stays.send('{"type":"heartbeat","payload":{"action":"ping"}}')
        assert [json.loads(await stays.recv())["payload"]["action"] for _ in range(2)] == ["welcome", "pong"]
