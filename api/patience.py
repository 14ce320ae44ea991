"""How long an HTTP connection may keep the edge waiting: for a head, for a body, or by taking none of an answer; and how many may at once.

uvicorn ends a connection that asks nothing more after an answer, and no other one: who sends nothing, or half a request, stays for ever.
Rests on uvicorn's `HttpToolsProtocol` (version pinned; tried over real sockets).
"""

import asyncio
from typing import Any, Final, Literal, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.meters import Meters
from api.settings import HttpLimits
from schemas.problems import HEAD, TIMEOUT, Problem, document

_BODY_RATE: Final = 16_384
"""Bytes of a body that give it one more second."""
_encode = msgspec.json.Encoder().encode
Owed = Literal["head", "body"]
Why = Literal["head", "body", "crowd", "large", "stalled"]


class Waiting:
    """The connections of one port that the edge waits for, oldest first. stall_s: how long one may take nothing of an answer."""

    def __init__(self, limits: HttpLimits, stall_s: float, meters: Meters) -> None:
        self.limits = limits
        self.stall_s = stall_s
        self._meters = meters
        self._strangers: dict[EdgeHttp, None] = {}
        self._guests: dict[EdgeHttp, None] = {}

    def add(self, connection: "EdgeHttp") -> None:
        """Wait for this one. Above the bound the oldest goes that was never answered; else the oldest of those that were."""
        (self._guests if connection.answered else self._strangers)[connection] = None
        self._meters.waiting.inc()
        if len(self._strangers) + len(self._guests) > self.limits.idle_connections:
            next(iter(self._strangers or self._guests)).end("crowd")

    def discard(self, connection: "EdgeHttp") -> None:
        """Wait no more."""
        for known in (self._strangers, self._guests):
            if connection in known:
                del known[connection]
                self._meters.waiting.dec()

    def ended(self, why: Why) -> None:
        """Count a connection that was ended."""
        self._meters.impatient.labels(why).inc()


class EdgeHttp(HttpToolsProtocol):
    """uvicorn's HTTP, with an end to waiting. answered: whether any request of this connection was.

    owes: what is awaited, and since when. stage: in what part of a request the parser is.
    """

    def __init__(self, waiting: Waiting, *arguments: Any, **names: Any) -> None:  # noqa: ANN401  because they are uvicorn's
        super().__init__(*arguments, **names)
        self.answered = False
        self._waiting = waiting
        self._owes: Owed | None = None
        self._since = 0.0
        self._came = 0
        self._stage: Owed | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    # What happens

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request."""
        super().connection_made(transport)
        self._expect("head")

    def data_received(self, data: bytes) -> None:
        """Take in what the peer sends, and see what it still owes."""
        self._came += len(data)
        super().data_received(data)
        if self._owes == "head" and self._stage == "body":
            self._expect("body")
        elif self._owes == "head" and self._came > self._waiting.limits.head_bytes:
            self.end("large")

    def on_message_begin(self) -> None:
        """Wait for the rest of the head, also while an earlier request is still being answered."""
        super().on_message_begin()
        self._stage = "head"
        if self._owes is None:
            self._expect("head")

    def on_headers_complete(self) -> None:
        """Note that a body is next."""
        super().on_headers_complete()
        self._stage = "body"

    def on_message_complete(self) -> None:
        """Wait no more, unless it was answered before it was whole."""
        super().on_message_complete()
        self._stage = None
        self._settle()
        if not self._answering():
            self._expect("head")

    def on_response_complete(self) -> None:
        """Wait for the next request; uvicorn does so for a few seconds."""
        super().on_response_complete()
        self.answered = True
        if self.transport.is_closing():
            self._watch_writing()
        elif self._owes is None and not self._answering():
            self._expect("head")

    def handle_websocket_upgrade(self) -> None:
        """Leave the socket to its next protocol."""
        self._settle()
        super().handle_websocket_upgrade()

    def timeout_keep_alive_handler(self) -> None:
        """Close, and see to it that it comes to an end."""
        super().timeout_keep_alive_handler()
        self._watch_writing()

    def pause_writing(self) -> None:
        """Watch whether the peer takes anything."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """Watch no more."""
        super().resume_writing()
        self._watch_no_more()
        if self.transport.is_closing():
            self._watch_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._settle()
        self._watch_no_more()
        super().connection_lost(exc)

    # What is owed

    def _answering(self) -> bool:
        """Tell whether a request came that is not answered yet."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def _expect(self, owed: Owed) -> None:
        self._settle()
        limits = self._waiting.limits
        self._owes, self._since, self._came = owed, self.loop.time(), 0
        self._timer = self.loop.call_later(limits.head_s if owed == "head" else limits.body_s, self._late)
        self._waiting.add(self)

    def _settle(self) -> None:
        if self._owes is not None:
            self._owes = None
            self._waiting.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        """End it, unless it is the edge that does not read on, or a body that comes fast enough."""
        self._timer = None
        owed, answering = self._owes or "head", self._answering()
        if self.flow.read_paused or (owed == "head" and answering):
            self._expect(owed)
            return
        more_s = self._came / _BODY_RATE if owed == "body" and answering else 0.0
        left_s = self._since + self._waiting.limits.body_s + more_s - self.loop.time()
        if more_s and left_s > 0:
            self._timer = self.loop.call_later(left_s, self._late)
        else:
            self.end(owed)

    def end(self, why: Why) -> None:
        """Say why, to one who began to ask and was not answered, and close."""
        owed, answering = self._owes, self._answering()
        self._settle()
        self._waiting.ended(why)
        if (self._stage and not answering) if owed == "head" else (answering and not self.cycle.response_started):
            self.transport.write(_answer(why, self._waiting.limits))
        self.transport.close()
        self._watch_writing()

    # What is not taken

    def _watch_writing(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._stalled is None:
            self._stalled = self.loop.call_later(self._waiting.stall_s, self._look, waiting)

    def _watch_no_more(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _look(self, before: int) -> None:
        """End it at once if the peer took nothing: a close would wait behind what it does not take."""
        self._stalled = None
        if self.transport.get_write_buffer_size() < before:
            self._watch_writing()
        else:
            self._waiting.ended("stalled")
            self.transport.abort()


def _answer(why: Why, limits: HttpLimits) -> bytes:
    """Return the whole answer to a request that did not come."""
    problem = Problem(HEAD, f"a request's head has at most {limits.head_bytes} bytes") if why == "large" else Problem(TIMEOUT)
    said, headers = document(problem)
    body = _encode(said)
    lines = {**headers, "Content-Type": "application/problem+json", "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return STATUS_LINE[problem.type.status] + head.encode() + b"\r\n" + body
