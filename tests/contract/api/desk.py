"""A driver that writes down what its link says, and a server that opens one for each connection, by any implementation of a link."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

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
