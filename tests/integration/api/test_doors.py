"""Who may not come in, or may not stay, learns it from a close code: on a real socket, as a browser would."""

import json

from websockets.asyncio.client import connect

from api.auth import mint
from tests.integration.api.harness import SECRET, RunningEdge, StartEdge, until_closed


async def code_of(socket: connect) -> tuple[int | None, str]:
    """Return the code and the reason that a socket was closed with."""
    async with socket as opened:
        return await until_closed(opened), json.loads(opened.close_reason or "{}").get("c", "")


async def test_a_wrong_token_is_told_after_the_handshake(edge: RunningEdge) -> None:
    """4401 with a reason for a forged, foreign or missing token; the handshake itself succeeds."""
    forged = mint("another secret of more than 32 characters!", "u", ["*"], 60)
    expired = mint(SECRET, "u", ["*"], -60)
    for subprotocols in ([f"bearer.{forged}", "summary.v2"], [f"bearer.{expired}", "summary.v2"], ["summary.v2"]):
        assert await code_of(edge.dial(subprotocols)) == (4401, "unauthenticated")


async def test_foreign_pages_are_refused(edge: RunningEdge) -> None:
    """4403 for another origin, and for no origin without a header; programs with a header need none."""
    token = mint(SECRET, "u", ["*"], 60)
    offers = [f"bearer.{token}", "summary.v2"]
    assert await code_of(edge.dial(offers, origin="http://evil.example")) == (4403, "origin")
    assert await code_of(edge.dial(offers, origin=None)) == (4403, "origin")
    async with edge.dial(["summary.v2"], origin=None, header=f"Bearer {token}") as socket:
        assert json.loads(await socket.recv())["payload"]["action"] == "welcome"


async def test_another_version_and_another_user_are_refused(edge: RunningEdge) -> None:
    """4406 without `summary.v2` among the offers; 4403 on somebody else's path; the own path subscribes by itself."""
    token = mint(SECRET, "u", ["*"], 60)
    assert await code_of(edge.dial([f"bearer.{token}", "summary.v9"])) == (4406, "version")
    assert await code_of(edge.dial([f"bearer.{token}", "summary.v2"], path="/ws/somebody")) == (4403, "forbidden")
    async with edge.dial([f"bearer.{token}", "summary.v2"], path="/ws/u") as socket:
        actions = [json.loads(await socket.recv())["payload"]["action"] for _ in range(2)]
        assert actions == ["welcome", "subscribed"]
        assert socket.subprotocol == "summary.v2"


async def test_frames_that_are_too_large_or_none_of_ours_end_the_connection(edge: RunningEdge) -> None:
    """1009 above 64 KiB, 4400 for what is no frame, 1003 for binary."""
    for sent, code in (("x" * 65_537, 1009), ("[]", 4400), ('{"type":"sync"}', 4400), (b"{}", 1003)):
        async with edge.socket() as socket:
            await socket.send(sent)
            assert await until_closed(socket) == code


async def test_silence_flood_and_crowds_end_connections(start_edge: StartEdge) -> None:
    """4408 without a subscription in time, 4429 above the rate and above the connections of a user."""
    hasty = await start_edge(limits={"subscribe_ms": 200})
    assert await code_of(hasty.socket()) == (4408, "timeout")
    edge = await start_edge(limits={"burst": 5, "connections_per_user": 2})
    async with edge.socket() as socket:
        for _ in range(8):
            await socket.send('{"type":"heartbeat","payload":{"action":"pong"}}')
        assert await until_closed(socket) == 4429
    async with edge.socket(), edge.socket():
        assert await code_of(edge.socket()) == (4429, "connections")


async def test_a_token_that_ends_closes_the_connection_unless_it_is_renewed(start_edge: StartEdge) -> None:
    """Warned ahead, closed with 4401 at the end; a new token in band keeps it open, one of another user closes it."""
    edge = await start_edge()
    assert await code_of(edge.socket(ttl_s=2)) == (4401, "unauthenticated")
    async with edge.socket(ttl_s=30) as socket:
        frames = [json.loads(await socket.recv()) for _ in range(2)]
        assert [frame["payload"]["action"] for frame in frames] == ["welcome", "token-expiring"]
        await socket.send(json.dumps({"type": "sync", "payload": {"action": "token", "data": {"token": mint(SECRET, "u", ["*"], 600)}}}))
        assert json.loads(await socket.recv())["payload"]["action"] == "token"
        await socket.send(json.dumps({"type": "sync", "payload": {"action": "token", "data": {"token": mint(SECRET, "x", ["*"], 600)}}}))
        assert await until_closed(socket) == 4403
