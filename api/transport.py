"""How a connection's frames come and go: one interface, so that a socket of our own and plain ASGI are the same to a driver."""

import asyncio
from collections import deque
from typing import Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from api.protocol.tail import Tail

HIGH_WATER: Final = 65_536
"""Bytes that wait to be taken, from which on no more are written; down to a quarter of it, more are."""


class Driver(Protocol):
    """Whoever a link belongs to. Nothing here may raise."""

    def received(self, text: str | None) -> None:
        """Take a message of the peer in: its text, or None for a binary one."""

    def full(self) -> None:
        """Note that the peer takes no more for now."""

    def drained(self) -> None:
        """Note that it takes more again."""

    def gone(self) -> None:
        """Note, once, that the connection is over."""


class Link(Protocol):
    """One open WebSocket. Nothing here waits, except for `serve`."""

    async def serve(self, driver: Driver) -> None:
        """Give the driver what comes from now on. Returns at once, or when the connection is over, as the server below wants it."""

    def write(self, tail: Tail) -> None:
        """Send these frames. What the peer does not take waits here: the driver stops at `full`. Does nothing once the peer is gone."""

    def close(self, code: int, reason: str) -> None:
        """Close, after all that was written, with a reason of at most 123 bytes."""

    def hold(self) -> None:
        """Read no more for now."""

    def go_on(self) -> None:
        """Read again."""

    def flow(self) -> tuple[int, int]:
        """Return (bytes written so far, bytes of them not taken by the peer's side yet)."""

    def underway(self) -> int:
        """Return how many bytes the system took that the peer has not: a slow peer that takes some of them is no stalled one."""

    def abort(self) -> None:
        """End at once, without what is still to be sent."""


class AsgiLink:
    """Any ASGI server's WebSocket, accepted already: one message per frame, from a task of its own."""

    def __init__(self, websocket: WebSocket, high_water: int = HIGH_WATER) -> None:
        self._websocket = websocket
        self._high_water = high_water
        self._queue: deque[bytes] = deque()
        self._something = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._closing: tuple[int, str] | None = None
        self._over = asyncio.Event()
        self._driver: Driver | None = None
        self._full = False
        self._written = self._waiting = 0

    async def serve(self, driver: Driver) -> None:
        """Serve until either side closes."""
        self._driver = driver
        tasks = [asyncio.create_task(part) for part in (self._receive(driver), self._send(driver), self._over.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._over.set()
            driver.gone()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def write(self, tail: Tail) -> None:
        """Put the frames in line."""
        self._queue.extend(tail.frames)
        self._written += tail.size
        self._waiting += tail.size
        self._something.set()
        if not self._full and self._waiting > self._high_water and self._driver is not None:
            self._full = True
            self._driver.full()

    def close(self, code: int, reason: str) -> None:
        """Put the close in line."""
        self._closing = self._closing or (code, reason)
        self._something.set()

    def hold(self) -> None:
        """Receive no more."""
        self._reading.clear()

    def go_on(self) -> None:
        """Receive again."""
        self._reading.set()

    def flow(self) -> tuple[int, int]:
        """Return what was put in line, and what of it the server has not taken."""
        return self._written, self._waiting

    def underway(self) -> int:
        """Return 0: below an ASGI server nobody sees that far."""
        return 0

    def abort(self) -> None:
        """Return from the endpoint: an ASGI server knows no other way."""
        self._over.set()

    async def _receive(self, driver: Driver) -> None:
        while True:
            await self._reading.wait()
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            driver.received(message.get("text"))

    async def _send(self, driver: Driver) -> None:
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                await self._empty(driver)
                if self._closing is not None:
                    await self._websocket.close(*self._closing)
                    return
        except (WebSocketDisconnect, RuntimeError):  # Starlette says in both ways that the peer is gone
            return

    async def _empty(self, driver: Driver) -> None:
        while self._queue:
            frame = self._queue.popleft()
            await self._websocket.send_text(frame.decode())
            self._waiting -= len(frame)
            if self._full and self._waiting <= self._high_water // 4:
                self._full = False
                driver.drained()
