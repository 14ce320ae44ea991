"""What every link to a client must do; one suite for all of them, on real sockets."""

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from api.direct import EdgeProtocol
from tests.contract.api.desk import LINKS, PATIENCE_S, Desk, Implementation, Serving, serving


@pytest.mark.parametrize("implementation", LINKS)
async def test_frames_arrive_whole_and_in_order(implementation: Implementation) -> None:
    """Text frames, one by one or several at once, also large ones and such in other scripts."""
    frames = ["a", "ü" * 100, "x" * 300_000, "last"]
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await server.desk()
        desk.send(*(frame.encode() for frame in frames[:2]))
        desk.send(*(frame.encode() for frame in frames[2:]))
        assert [await client.recv() for _ in frames] == frames


@pytest.mark.parametrize("implementation", LINKS)
async def test_what_a_client_says_is_received(implementation: Implementation) -> None:
    """Text in order, also in fragments and right after the handshake; a binary message is None; a ping is answered."""
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await asyncio.wait_for(_first(client.send("at once"), server), PATIENCE_S)
        await client.send(["in ", "two ", "parts, ü"])
        await client.send(b"bytes")
        await (await client.ping())
        await desk.until(lambda: len(desk.texts) == 3)
        assert desk.texts == ["at once", "in two parts, ü", None]


async def _first(sending: "asyncio.Future[None] | object", server: Serving) -> Desk:
    await sending  # type: ignore[misc]  # a coroutine
    return await server.desk()


@pytest.mark.parametrize("implementation", LINKS)
async def test_answers_can_be_given_while_receiving(implementation: Implementation) -> None:
    """Each message is answered from within, and nothing is lost between reading and writing."""
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await server.desk()
        desk.answer = lambda desk, text: desk.send((text or "").upper().encode())
        for number in range(50):
            await client.send(f"a{number}")
        assert [await client.recv() for _ in range(50)] == [f"A{number}" for number in range(50)]


@pytest.mark.parametrize("implementation", LINKS)
async def test_a_close_carries_its_code_and_reason(implementation: Implementation) -> None:
    """After everything that was written before; closing again changes nothing; then it is over."""
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await server.desk()
        desk.send(b"before")
        desk.link.close(4401, '{"c":"unauthenticated"}')
        desk.link.close(1012, "")
        assert await client.recv() == "before"
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (4401, '{"c":"unauthenticated"}')
        await desk.until(lambda: "gone" in desk.said)


@pytest.mark.parametrize("implementation", LINKS)
async def test_a_client_that_closes_is_gone(implementation: Implementation) -> None:
    """Its code comes back to it, as RFC 6455 section 5.5.1 asks, and the driver hears of it once."""
    async with serving(implementation) as server:
        async with connect(server.url, proxy=None) as client:
            desk = await server.desk()
            await client.close(1000)
            assert client.close_code == 1000
        await desk.until(lambda: "gone" in desk.said)
        desk.send(b"too late")
        assert desk.said == ["gone"]


@pytest.mark.parametrize("implementation", LINKS)
async def test_a_peer_that_vanishes_is_gone(implementation: Implementation) -> None:
    """Also while it is written to."""
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await server.desk()
        client.transport.abort()
        while "gone" not in desk.said:
            desk.send(b"x" * 1_000)
            await asyncio.sleep(0)


@pytest.mark.parametrize("implementation", LINKS)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True), 1007, id="no UTF-8"),
        pytest.param(Frame(Opcode.TEXT, b"x" * 65_537).serialize(mask=True), 1009, id="too big"),
        pytest.param(b"\xc1\x80xxxx", 1002, id="reserved bit"),
        pytest.param(Frame(Opcode.CONT, b"x").serialize(mask=True), 1002, id="nothing to continue"),
    ],
)
async def test_bytes_that_are_no_messages_end_the_connection(implementation: Implementation, data: bytes, code: int) -> None:
    """With the code that RFC 6455 section 7.4.1 has for it; no message comes of it."""
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await server.desk()
        client.transport.write(data)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == code
        await desk.until(lambda: "gone" in desk.said)
        assert desk.texts == []


@pytest.mark.parametrize("implementation", LINKS)
async def test_held_means_not_read(implementation: Implementation) -> None:
    """What the client sends meanwhile comes when reading goes on. One message may have been read before."""
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await server.desk()
        desk.link.hold()
        for number in range(5):
            await client.send(str(number))
        await asyncio.sleep(0.2)
        assert len(desk.texts) <= 1
        desk.link.go_on()
        await desk.until(lambda: len(desk.texts) == 5)
        assert desk.texts == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("implementation", LINKS)
async def test_a_peer_that_reads_nothing_is_full_then_drained(implementation: Implementation) -> None:
    """Nothing is written beyond the high water but what was on its way; all of it arrives once the peer reads."""
    async with serving(implementation) as server, connect(server.url, proxy=None, max_queue=None) as client:
        desk = await server.desk()
        client.transport.pause_reading()
        sent = 0
        while "full" not in desk.said:
            desk.send(b"x" * 50_000)
            sent += 1
            await asyncio.sleep(0.001)
        assert desk.link.flow()[1] < 3 * 65_536
        client.transport.resume_reading()
        for _ in range(sent):
            assert len(await client.recv()) == 50_000
        await desk.until(lambda: "drained" in desk.said)
        assert desk.link.flow() == (sent * 50_000, 0)


@pytest.mark.parametrize("implementation", LINKS)
async def test_a_peer_that_reads_nothing_can_be_seen_and_ended(implementation: Implementation) -> None:
    """What it does not take stays in the flow, and an abort ends it though no close could reach it."""
    async with serving(implementation) as server, connect(server.url, proxy=None) as client:
        desk = await server.desk()
        client.transport.pause_reading()
        while "full" not in desk.said:
            desk.send(b"x" * 50_000)
            await asyncio.sleep(0.001)
        before = desk.link.flow()
        await asyncio.sleep(0.3)
        assert desk.link.flow() == before
        assert (desk.link.underway() > 0) == (implementation is EdgeProtocol)
        assert before[1] > 0
        desk.link.abort()
        await desk.until(lambda: "gone" in desk.said)
        client.transport.abort()


@pytest.mark.parametrize("implementation", LINKS)
async def test_a_server_that_ends_says_so(implementation: Implementation) -> None:
    """1012, which clients take as a restart."""
    async with serving(implementation) as server:
        client = await connect(server.url, proxy=None)
        await server.desk()
    with pytest.raises(ConnectionClosed):
        await client.recv()
    assert client.close_code == 1012
    await client.close()
