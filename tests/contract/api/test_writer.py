"""What every way of sending frames must do; one suite for all of them, on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.app import Server
from api.transport import AsgiWriter, EdgeProtocol, Writer

Serve = Callable[[Writer], Awaitable[None]]
Implementation = str | type[asyncio.Protocol]


WRITERS = [pytest.param("websockets-sansio", id="asgi"), pytest.param(EdgeProtocol, id="edge")]


@asynccontextmanager
async def serving(implementation: Implementation, serve: Serve) -> AsyncIterator[str]:
    """Serve one endpoint that gets a writer; gives its address."""

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await serve(AsgiWriter(websocket))

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    bound = socket.create_server(("127.0.0.1", 0))
    server = Server(
        uvicorn.Config(app, ws=implementation, log_config=None, lifespan="off", timeout_graceful_shutdown=1, ws_per_message_deflate=False),
        bound,
    )
    running = asyncio.create_task(server.serve_socket())
    try:
        yield f"ws://127.0.0.1:{bound.getsockname()[1]}/"
    finally:
        server.should_exit = True
        await running


@pytest.mark.parametrize("implementation", WRITERS)
async def test_frames_arrive_whole_and_in_order(implementation: Implementation) -> None:
    """Text frames, one by one, also large ones and such in other scripts."""
    frames = ["a", "ü" * 100, "x" * 300_000, "last"]

    async def serve(writer: Writer) -> None:
        await writer.write([frame.encode() for frame in frames[:2]])
        await writer.write([frame.encode() for frame in frames[2:]])

    async with serving(implementation, serve) as url, connect(url, proxy=None) as client:
        assert [await client.recv() for _ in frames] == frames


@pytest.mark.parametrize("implementation", WRITERS)
async def test_a_close_carries_its_code_and_reason(implementation: Implementation) -> None:
    """After everything that was written before."""

    async def serve(writer: Writer) -> None:
        await writer.write([b"before"])
        await writer.close(4401, '{"c":"unauthenticated"}')

    async with serving(implementation, serve) as url, connect(url, proxy=None) as client:
        assert await client.recv() == "before"
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (4401, '{"c":"unauthenticated"}')


@pytest.mark.parametrize("implementation", WRITERS)
async def test_a_peer_that_is_gone_is_a_connection_error(implementation: Implementation) -> None:
    """Sooner or later while writing, and when closing."""
    gone = asyncio.Event()
    told = asyncio.Event()

    async def serve(writer: Writer) -> None:
        await gone.wait()
        try:
            while True:
                await writer.write([b"x" * 10_000])
                await asyncio.sleep(0)
        except ConnectionError:
            told.set()

    async with serving(implementation, serve) as url:
        async with connect(url, proxy=None) as client:
            client.transport.abort()
        gone.set()
        await asyncio.wait_for(told.wait(), 10)


@pytest.mark.parametrize("implementation", WRITERS)
async def test_a_peer_that_reads_nothing_holds_the_writer(implementation: Implementation) -> None:
    """Writing waits: what is not read is not piled up in memory."""
    written: list[int] = []
    stalled = asyncio.Event()

    async def serve(writer: Writer) -> None:
        await stalled.wait()
        for number in range(2_000):
            await writer.write([b"x" * 50_000])
            written.append(number)

    async with serving(implementation, serve) as url, connect(url, proxy=None) as client:
        client.transport.pause_reading()
        stalled.set()
        before = -1
        while before != len(written):
            before = len(written)
            await asyncio.sleep(0.3)
        assert before < 2_000
        client.transport.abort()


async def test_a_peer_that_reads_nothing_can_be_seen_and_ended() -> None:
    """What it does not take stays in the flow, nothing more leaves, and an abort ends it though no close could reach it."""
    stalled = asyncio.Event()
    flows: list[tuple[int, int]] = []
    ended = asyncio.Event()

    async def serve(writer: Writer) -> None:
        await stalled.wait()
        writing = asyncio.create_task(_write_on(writer))
        while len(flows) < 2 or flows[-1] != flows[-2] or not flows[-1][1]:
            await asyncio.sleep(0.3)
            flow = writer.flow()
            assert flow is not None
            flows.append(flow)
        writer.abort()
        with pytest.raises(ConnectionError):
            await writing
        ended.set()

    async with serving(EdgeProtocol, serve) as url, connect(url, proxy=None) as client:
        client.transport.pause_reading()
        stalled.set()
        await asyncio.wait_for(ended.wait(), 20)
        client.transport.abort()


async def _write_on(writer: Writer) -> None:
    while True:
        await writer.write([b"x" * 50_000])
