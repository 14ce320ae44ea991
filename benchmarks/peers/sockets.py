"""The peers of the fan-out: the least that could be done, and what FastAPI's documentation and the original design do.

sockets.py PORT CONTROL WAY. A byte n on the control port means: send n frames to everybody, now. WAY: `bare` writes a finished frame to
each uvloop transport; `text` awaits `send_text` of a finished text in a loop; `json` awaits `send_json` of the message in a loop.
"""

import asyncio
import base64
import hashlib
import json
import sys
from typing import Any, Final

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from benchmarks.harness.message import message

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_ACCEPTED: Final = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
NUMBERS: Final = iter(range(1, 10**9))


class Bare(asyncio.Protocol):
    """Answers the handshake and keeps its transport in the set of its stream."""

    def __init__(self, streams: dict[bytes, set[asyncio.Transport]]) -> None:
        self._streams = streams
        self._mine: set[asyncio.Transport] | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  because asyncio names a base class
        """Note the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the handshake; then take the stream's name from the first frame."""
        if data.startswith(b"GET"):
            key = data.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324  because RFC 6455 asks for it
            self._transport.write(_ACCEPTED + accept + b"\r\n\r\n")
            _, _, data = data.partition(b"\r\n\r\n")
        if self._mine is None and b"project:" in data:
            name = data.split(b"project:")[1].split(b'"')[0]
            self._mine = self._streams.setdefault(name, set())
            self._mine.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the transport."""
        if self._mine is not None:
            self._mine.discard(self._transport)


def frame_of(payload: bytes) -> bytes:
    """Return a finished text frame."""
    return (b"\x81\x7e" + len(payload).to_bytes(2) if len(payload) > 125 else bytes((0x81, len(payload)))) + payload  # noqa: PLR2004  because RFC 6455 says so


async def bare(port: int, control: int) -> None:
    """Serve the least."""
    streams: dict[bytes, set[asyncio.Transport]] = {}
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Bare(streams), "127.0.0.1", port, backlog=1024)

    def publish(count: int) -> None:
        for _ in range(count):
            frame = frame_of(message("p", next(NUMBERS)))
            for transport in streams.get(b"p", ()):
                transport.write(frame)

    await _control(control, publish)


def everybody(app: FastAPI) -> set[WebSocket]:
    """Let an application take WebSockets; returns the set of those that are open, as the documentation of FastAPI keeps them."""
    sockets = set[WebSocket]()

    @app.websocket("/ws/v2")
    async def endpoint(socket: WebSocket) -> None:
        await socket.accept("summary.v2")
        sockets.add(socket)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(socket)

    return sockets


async def fastapi(port: int, control: int, way: str) -> None:
    """Serve with FastAPI on uvicorn."""
    app = FastAPI()
    sockets = everybody(app)

    async def broadcast(count: int) -> None:
        for _ in range(count):
            payload = message("p", next(NUMBERS))
            text, decoded = payload.decode(), json.loads(payload)
            for socket in list(sockets):
                await (socket.send_text(text) if way == "text" else socket.send_json(decoded))

    tasks: set[asyncio.Task[None]] = set()

    def publish(count: int) -> None:
        task = asyncio.create_task(broadcast(count))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
    await asyncio.gather(server.serve(), _control(control, publish))


async def _control(port: int, publish: Any) -> None:  # noqa: ANN401  because it is a plain callback
    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while byte := await reader.read(1):
            publish(byte[0])

    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    port_, control_, way_ = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    uvloop.run(bare(port_, control_) if way_ == "bare" else fastapi(port_, control_, way_))
