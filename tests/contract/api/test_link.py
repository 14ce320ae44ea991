"""What every link to a client must do; one suite for all of them, on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from api.direct import EXTENSION, DirectLink, EdgeProtocol
from api.protocol.tail import Tail
from api.serving import Server
from api.transport import AsgiLink, Link

PATIENCE_S = 20
Implementation = str | type[asyncio.Protocol]

LINKS = [pytest.param("websockets-sansio", id="asgi"), pytest.param(EdgeProtocol, id="direct")]


class Desk:
    """A driver that writes down what its link says, and can be waited for."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.texts: list[str | None] = []
        self.said: list[str] = []
        self.moved = asyncio.Event()
        self.answer: Callable[[Desk, str | None], None] = lambda _desk, _text: None

    def received(self, text: str | None) -> None:
        """Note a message, and let the test answer it."""
        self.texts.append(text)
        self.answer(self, text)
        self.moved.set()

    def full(self) -> None:
        """Note it."""
        self._note("full")

    def drained(self) -> None:
        """Note it."""
        self._note("drained")

    def gone(self) -> None:
        """Note it."""
        self._note("gone")

    def _note(self, word: str) -> None:
        self.said.append(word)
        self.moved.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at whenever the link says something."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self.moved.clear()
                await self.moved.wait()

    def send(self, *frames: bytes) -> None:
        """Write frames."""
        self.link.write(Tail(frames))


class Serving:
    """A running server: its address, and the desk of each connection as it opens."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.desks: asyncio.Queue[Desk] = asyncio.Queue()

    async def desk(self) -> Desk:
        """Return the next connection's."""
        return await asyncio.wait_for(self.desks.get(), PATIENCE_S)


@asynccontextmanager
async def serving(implementation: Implementation, meanwhile: Callable[[EdgeProtocol], None] | None = None) -> AsyncIterator[Serving]:
    """Serve one endpoint over the implementation. meanwhile: happens between accepting and taking over."""

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        protocol = websocket.scope["extensions"].get(EXTENSION)
        if meanwhile is not None:
            meanwhile(protocol)
        desk = Desk(AsgiLink(websocket) if protocol is None else DirectLink(protocol))
        here.desks.put_nowait(desk)
        await desk.link.serve(desk)

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    bound = socket.create_server(("127.0.0.1", 0))
    server = Server(
        uvicorn.Config(
            app,
            ws=implementation,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
            ws_per_message_deflate=False,
            ws_max_size=65_536,
        ),
        bound,
    )
    here = Serving(f"ws://127.0.0.1:{bound.getsockname()[1]}/")
    running = asyncio.create_task(server.serve_socket())
    try:
        yield here
    finally:
        server.should_exit = True
        await running


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


@asynccontextmanager
async def raw(server: Serving) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a WebSocket and give its bytes, with nobody who answers a close."""
    host, port = server.url.removeprefix("ws://").removesuffix("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13"
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n\r\n".encode())
    try:
        await reader.readuntil(b"\r\n\r\n")
        yield reader, writer
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("implementation", LINKS)
@pytest.mark.parametrize("said", [None, Frame(Opcode.CLOSE, b""), Frame(Opcode.TEXT, b"\xff")], ids=["server", "client", "no UTF-8"])
async def test_nothing_follows_a_close(implementation: Implementation, said: Frame | None) -> None:
    """Whoever gave reason for it: what is written after that is not sent (RFC 6455 section 5.5.1)."""
    async with serving(implementation) as server, raw(server) as (reader, writer):
        desk = await server.desk()
        if said is None:
            desk.link.close(1000, "")
        else:
            writer.write(said.serialize(mask=True))
        head, size = await asyncio.wait_for(reader.readexactly(2), PATIENCE_S)
        await reader.readexactly(size)
        desk.send(b"late")
        writer.write_eof()  # the server ends then; until that, it may have written
        assert (head, await asyncio.wait_for(reader.read(), PATIENCE_S)) == (0x88, b"")


async def test_a_socket_that_ends_before_it_is_taken_over_is_gone() -> None:
    """Its driver hears so, and may write to it and end it as any other."""
    async with serving(EdgeProtocol, lambda protocol: protocol.transport.close()) as server, raw(server):
        desk = await server.desk()
        await desk.until(lambda: "gone" in desk.said)
        desk.send(b"too late")
        desk.link.close(1012, "")
        desk.link.abort()
        assert desk.link.flow()[1] == 0
        assert desk.said == ["gone"]


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
