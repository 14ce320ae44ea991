"""How frames leave: one interface, so that a direct transport and plain ASGI are the same to a connection."""

from collections.abc import Sequence
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect


class Writer(Protocol):
    """The sending half of a socket."""

    async def write(self, frames: Sequence[bytes]) -> None:
        """Send text frames in order; returns when the next ones may come, perhaps without waiting.

        Raises `ConnectionError` when the peer is gone.
        """

    async def close(self, code: int, reason: str) -> None:
        """Close with a code and a reason of at most 123 bytes. Raises `ConnectionError` when the peer is gone."""


class AsgiWriter:
    """Any ASGI server's WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def write(self, frames: Sequence[bytes]) -> None:
        """Send one ASGI message per frame."""
        try:
            for frame in frames:
                await self._websocket.send_text(frame.decode())
        except (WebSocketDisconnect, RuntimeError) as error:  # Starlette says in both ways that the peer is gone
            raise ConnectionError from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket."""
        try:
            await self._websocket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionError from error
