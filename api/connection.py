"""One open connection: carries out what its session wants, between its link and the log. Holds no task while nothing is written."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final, NamedTuple

import structlog

from api.auth import Verifier
from api.fanout import FanOut
from api.meters import Meters
from api.now import now_ms
from api.producer import Appended, ChangeLog
from api.protocol.changing import expect
from api.protocol.effects import Append, Close, Verify
from api.protocol.inputs import Gone, Input, NotTaken, Refused, Taken, Tick, Verified, parse
from api.protocol.progress import Progress
from api.protocol.session import Session
from api.protocol.tail import Tail
from api.protocol.transitions import receive
from api.protocol.writes import Write
from api.transport import HIGH_WATER, Link
from schemas.problems import Problem

log = structlog.get_logger()
_MAX_BACKLOG: Final = 64
"""Answers that may wait before no more of the client's frames are read."""


class Equipment(NamedTuple):
    """What every connection needs. ended: called when one is over."""

    changes: ChangeLog
    verifier: Verifier
    meters: Meters
    fan_out: FanOut
    ended: "Callable[[Connection], None]"


class Connection:
    """The driver of a session and of its link."""

    __slots__ = ("_close", "_equipment", "_held", "_link", "_progress", "_work", "_writes", "session", "write")

    session: Session

    def __init__(self, link: Link, equipment: Equipment) -> None:
        self._link = link
        self._equipment = equipment
        self.write: Callable[[Tail], None] = link.write
        self._close: Close | None = None
        self._held = False
        self._progress: Progress | None = None
        self._writes: deque[Append] | None = None
        self._work: set[asyncio.Task[None]] | None = None

    # What the session wants

    def wake(self) -> None:
        """Have the fan-out ask for what is due."""
        self._equipment.fan_out.wake(self)

    def take(self, happened: Input) -> None:
        """Tell the session what happened, and carry out what it wants."""
        for effect in receive(self.session, happened, now_ms()):
            match effect:
                case Close():
                    self._close = effect
                    self.wake()
                case Verify(token=token):
                    self._start(self._renew(token))
                case Append():
                    self._append(effect)

    def send(self, time_ms: int) -> None:
        """Write what is due, as much as the peer takes; at the end the close."""
        session = self.session
        while not session.held and (frames := session.due(time_ms, HIGH_WATER)):
            self.write(Tail(frames))
            self._equipment.meters.sent(len(frames))
        if self._close is not None:
            self._link.close(self._close.code, self._close.reason)
        elif self._held and self._writes is None and not session.backlog:
            self._held = False
            self._link.go_on()

    # What the link says

    def received(self, text: str | None) -> None:
        """Take a message of the client in."""
        self.take(parse(text))
        if self.session.backlog > _MAX_BACKLOG:
            self._hold()

    def full(self) -> None:
        """Send no more until the peer has taken what it has."""
        self.session.hold()

    def drained(self) -> None:
        """Send again: from where it stopped, or what holds now if it fell too far behind."""
        self.session.go_on()

    def gone(self) -> None:
        """End."""
        self.take(Gone())
        for task in self._work or ():
            task.cancel()
        self._equipment.ended(self)

    # What the clock says

    def second(self, time_ms: int) -> tuple[int, int]:
        """See to the time; returns how many bytes wait for the peer, and for how long it has taken none of them (ms)."""
        if time_ms >= self.session.look_ms:
            self.take(Tick())
        written, waiting = self._link.flow()
        if not waiting:
            self._progress = None
            return 0, 0
        if self._progress is None:
            self._progress = Progress(time_ms)
        return waiting, self._progress.stalled_ms(written, waiting + self._link.underway(), time_ms)

    def abort(self) -> None:
        """End at once: a close frame would wait behind what the peer does not take."""
        self._link.abort()

    # What takes longer

    async def _renew(self, token: str) -> None:
        """Check a new token: its key may have to be asked for."""
        found = await self._equipment.verifier.verify(token)
        self.take(Refused(found) if isinstance(found, Problem) else Verified(found))

    def _hold(self) -> None:
        self._held = True
        self._link.hold()

    def _append(self, wanted: Append) -> None:
        """Put a change in line. They are written one after the other; meanwhile nothing more is read."""
        expect(self.session, wanted.write, now_ms())
        if self._writes is not None:
            self._writes.append(wanted)
            return
        self._writes = deque([wanted])
        self._hold()
        self._start(self._append_all(self._writes))

    async def _append_all(self, writes: deque[Append]) -> None:
        """Write what is in line, in its order; only the broker's answers are awaited aside."""
        while writes:
            wanted = writes.popleft()
            self._start(self._answer(wanted.write, await self._equipment.changes.append(wanted.write, wanted.trace)))
        self._writes = None
        self.wake()

    async def _answer(self, write: Write, answer: Awaitable[Appended | Problem]) -> None:
        event = write.event
        match await answer:
            case Appended(position=position, known=known):
                self.take(Taken(event.id, event.correlation_id or event.id, position, known))
            case Problem() as problem:
                self.take(NotTaken(event.id, problem))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        if self._work is None:
            self._work = set()
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        """End the connection when writing failed in a way that nobody foresaw: its client would wait for ever."""
        if self._work is not None:
            self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("connection_failed", exc_info=error)
            self.abort()
