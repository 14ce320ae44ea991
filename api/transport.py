"""How frames leave: one interface, so that a direct transport and plain ASGI are the same to a connection."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_EXTENSION: Final = "anabranch.transport"


class EdgeProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which lets its application see the transport below."""

    async def run_asgi(self) -> None:
        """Put the transport among the scope's extensions."""
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
        extensions[_EXTENSION] = self.transport
        await super().run_asgi()


class Writer(Protocol):
    """The sending half of a socket."""

    async def write(self, frames: Sequence[bytes]) -> None:
        """Send text frames in order; returns when the next ones may come, perhaps without waiting.

        Raises `ConnectionError` when the peer is gone.
        """

    async def close(self, code: int, reason: str) -> None:
        """Close with a code and a reason of at most 123 bytes. Raises `ConnectionError` when the peer is gone."""

    def flow(self) -> tuple[int, int] | None:
        """Return (bytes written so far, bytes of them not taken by the peer's side yet), or None when that cannot be known."""

    def abort(self) -> None:
        """End at once, without what is still to be sent. Does nothing where `flow` knows nothing."""


class AsgiWriter:
    """Any ASGI server's WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._transport: asyncio.WriteTransport | None = websocket.scope.get("extensions", {}).get(_EXTENSION)
        self._written = 0

    async def write(self, frames: Sequence[bytes]) -> None:
        """Send one ASGI message per frame."""
        try:
            for frame in frames:
                await self._websocket.send_text(frame.decode())
                self._written += len(frame)
        except (WebSocketDisconnect, RuntimeError) as error:  # Starlette says in both ways that the peer is gone
            raise ConnectionError from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket."""
        try:
            await self._websocket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionError from error

    def flow(self) -> tuple[int, int] | None:
        """Return what the transport says."""
        return None if self._transport is None else (self._written, self._transport.get_write_buffer_size())

    def abort(self) -> None:
        """Abort the transport."""
        if self._transport is not None:
            self._transport.abort()
