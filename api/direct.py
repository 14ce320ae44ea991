"""Our own end of a WebSocket: uvicorn does the handshake, then its protocol hands the socket over to one that does less.

What is saved: an ASGI message, a task and a wake-up for each frame and connection, and the memory of the application's call. Data frames
are written as bytes that are finished already. Everything that a peer sends is parsed by `websockets`, as before.
Rests on uvicorn's `WebSocketsSansIOProtocol` (version pinned; the contract suite runs both ways).
"""

import asyncio
import fcntl
import sys
import termios
from typing import Any, Final, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol as Wire
from websockets.protocol import State
from websockets.server import ServerProtocol

from api.protocol.tail import Tail
from api.transport import HIGH_WATER, Driver

EXTENSION: Final = "anabranch.direct"
_CLOSE_S: Final = 10.0
_BAD_TEXT: Final = 1007
_RESTARTING: Final = 1012


class EdgeProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which can hand its socket over once it is open."""

    async def run_asgi(self) -> None:
        """Run the application, which finds this protocol among the scope's extensions."""
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
        extensions[EXTENSION] = self
        try:
            await super().run_asgi()
        finally:
            extensions.clear()

    def hand_over(self, link: "DirectLink", driver: Driver) -> None:
        """Let the link have the socket and everything that came on it already."""
        transport, connections = self.transport, cast("set[Any]", self.connections)
        self.stop_keepalive()
        link.begin(transport, self.conn, driver, connections)
        if transport.is_closing() or self.disconnected:
            driver.gone()
            return
        connections.discard(self)
        connections.add(link)
        transport.set_protocol(link)
        self.transport = _HandedOver()
        while not self.queue.empty():
            message = cast("dict[str, Any]", self.queue.get_nowait())
            if message["type"] == "websocket.receive":
                driver.received(message.get("text"))
        transport.resume_reading()


class _HandedOver(asyncio.Transport):
    """What stays with uvicorn's protocol, which closes its transport when the application returns."""

    def close(self) -> None:
        """Leave the socket to whom it belongs now."""

    def is_closing(self) -> bool:
        """Say so: nothing can be sent this way."""
        return True


class DirectLink(asyncio.Protocol):
    """An open WebSocket without anything above it but its driver."""

    __slots__ = ("_closing", "_connections", "_driver", "_message", "_protocol", "_reading", "_text", "_transport", "_wire", "_written")

    def __init__(self, protocol: EdgeProtocol) -> None:
        self._protocol: EdgeProtocol | None = protocol
        self._closing: asyncio.TimerHandle | None = None
        self._message = b""
        self._text = True
        self._reading = True
        self._written = 0

    async def serve(self, driver: Driver) -> None:
        """Take the socket over; the application has nothing to wait for."""
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.hand_over(self, driver)

    def begin(self, transport: asyncio.Transport, wire: ServerProtocol, driver: Driver, connections: set[Any]) -> None:
        """Take these over. connections: the server's, which it ends when it shuts down."""
        self._transport = transport
        self._wire: Wire = wire
        self._driver = driver
        self._connections = connections
        transport.set_write_buffer_limits(HIGH_WATER, HIGH_WATER // 4)

    # For the driver

    def write(self, tail: Tail) -> None:
        """Write the finished bytes; small ones as one piece, large ones without copying them. Nothing follows a close."""
        if self._wire.state is not State.OPEN:
            return
        self._written += tail.size
        whole = tail.whole
        if whole is None:
            self._transport.writelines(tail.pieces)
        else:
            self._transport.write(whole)

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; the peer has ten seconds for its part."""
        if self._closing is None and self._wire.state is State.OPEN:
            self._wire.send_close(code, reason)
            self._send()
            self._await_close()

    def hold(self) -> None:
        """Stop reading."""
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def flow(self) -> tuple[int, int]:
        """Return what was written, and what of it the kernel has not taken."""
        return self._written, self._transport.get_write_buffer_size()

    def underway(self) -> int:
        """Return what the kernel keeps for the peer (tcp(7), SIOCOUTQ). It takes more only once a third of that is gone."""
        bound = self._transport.get_extra_info("socket")
        try:
            return int.from_bytes(fcntl.ioctl(bound.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
        except (OSError, ValueError):  # closed just now
            return 0

    def abort(self) -> None:
        """Reset the connection."""
        self._transport.abort()

    # For the event loop

    def data_received(self, data: bytes) -> None:
        """Take in what the peer sends."""
        wire = self._wire
        wire.receive_data(data)
        for event in wire.events_received():
            self._take(cast("Frame", event))
        if wire.parser_exc is not None or (wire.state is not State.OPEN and self._closing is None):
            self._send()  # the answer to a close, or what websockets says to bytes that are no frames
            self._transport.close()

    def _take(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY:
                self._text = frame.opcode is Opcode.TEXT
                self._part(bytes(frame.data), frame.fin)
            case Opcode.CONT:
                self._part(self._message + bytes(frame.data), frame.fin)
            case Opcode.PING:
                self._send()
            case Opcode.CLOSE if self._closing is not None:
                self._transport.close()

    def _part(self, message: bytes, fin: bool) -> None:  # noqa: FBT001  because it is the frame's bit
        self._message = b"" if fin else message
        if fin and self._closing is None:
            try:
                text = message.decode() if self._text else None
            except UnicodeDecodeError:
                self.close(_BAD_TEXT, "")
                return
            self._driver.received(text)

    def _send(self) -> None:
        """Send what websockets has to say. Not all pings need an answer (RFC 6455 section 5.5.3): one who takes none gets none."""
        data = b"".join(self._wire.data_to_send())
        if self._transport.get_write_buffer_size() <= HIGH_WATER or self._wire.state is not State.OPEN:
            self._transport.write(data)

    def _await_close(self) -> None:
        self.go_on()  # or the peer's part would not be seen
        self._closing = asyncio.get_running_loop().call_later(_CLOSE_S, self._transport.abort)

    def pause_writing(self) -> None:
        """Pass on that the peer takes no more."""
        self._driver.full()

    def resume_writing(self) -> None:
        """Pass on that it does again."""
        self._driver.drained()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that it is over."""
        del exc
        self._connections.discard(self)
        if self._closing is not None:
            self._closing.cancel()
        self._driver.gone()

    # For uvicorn

    def shutdown(self) -> None:
        """End with the server; whoever was told before is not told again."""
        self.close(_RESTARTING, "")
        self._transport.close()
