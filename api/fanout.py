"""Writes what is due to all connections of an edge: one walk over those that something happened to, never a task per connection."""

import asyncio
import time
from itertools import islice
from typing import Final, Protocol

import structlog

from api.meters import Meters
from api.protocol.fanout import fan_out
from api.protocol.hub import Hub
from api.protocol.join import Outlet

log = structlog.get_logger()
_SHARE: Final = 1
"""A flush is followed by as long without one as it kept this thread busy (not: as it took, or a busy machine would make frames wait for
nothing), as long as that is within the tick. So flushes take half of the edge's time at most, and what comes meanwhile leaves together."""

_SLICE: Final = 64
"""So many connections are seen to by themselves before others get a turn: when a crowd wakes up at once, nobody's frame waits for all of
them to be given what they missed. Between slices the rule above holds for what goes to all."""


class Sender(Protocol):
    """A connection that something is due to, besides the new frames of its streams."""

    def send(self, now_ms: int) -> None:
        """Write what is due."""

    def abort(self) -> None:
        """End at once."""


class FanOut:
    """flush_ms: frames wait at most this long for others to leave together with them; at once while there is little to do."""

    def __init__(self, hub: Hub, meters: Meters, flush_ms: int) -> None:
        self._hub = hub
        self._meters = meters
        self._tick_s = flush_ms / 1000
        self._woken: dict[Sender, None] = {}
        self._scheduled = False
        self._read = False
        self._next = 0.0
        hub.wake = self._more_was_read

    def wake(self, sender: Sender) -> None:
        """Ask this connection for what is due, soon."""
        self._woken[sender] = None
        self._schedule()

    def _more_was_read(self) -> None:
        self._read = True
        self._schedule()

    def _schedule(self) -> None:
        if self._scheduled:
            return
        self._scheduled = True
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next:
            loop.call_soon(self._flush)  # not at once: what else happens in this turn leaves together with it
        else:
            loop.call_at(self._next, self._flush)

    def _flush(self) -> None:
        self._turn(to_all=True)

    def _go_on(self) -> None:
        self._turn(to_all=asyncio.get_running_loop().time() >= self._next)

    def _turn(self, *, to_all: bool) -> None:
        self._scheduled = False
        loop = asyncio.get_running_loop()
        started = time.thread_time()
        now_ms = int(time.time() * 1000)
        if self._read:
            self._read = False
            for session in list(self._hub.late):
                session.settle(now_ms)
        self._to_woken(now_ms)
        if to_all:
            self._to_all(now_ms)
            self._next = loop.time() + min(self._tick_s, _SHARE * (time.thread_time() - started))
        elif not self._woken:
            self._schedule()
        if self._woken and not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._go_on)

    def _to_woken(self, now_ms: int) -> None:
        for sender in list(islice(self._woken, _SLICE)):
            del self._woken[sender]
            try:
                sender.send(now_ms)
            except Exception as error:  # noqa: BLE001  because one connection's fault is not the others'
                _failed(sender, error)

    def _to_all(self, now_ms: int) -> None:
        sent = 0
        for receiver, tail in fan_out(self._hub.moved(), self._hub.limits.outbound_bytes, now_ms):
            try:
                receiver.write(tail)
            except Exception as error:  # noqa: BLE001  because one connection's fault is not the others'
                _failed(receiver.outlet, error)
            sent += len(tail.frames)
        self._meters.sent(sent)


def _failed(sender: Sender | Outlet, error: Exception) -> None:
    """End the one connection whose state cannot be trusted; the others go on."""
    log.error("connection_failed", exc_info=error)
    sender.abort()
