"""The open connections of an edge: their drivers, their clock, and what concerns all of them."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Coroutine
from typing import Final, NamedTuple

import structlog
from starlette.websockets import WebSocket

from api.auth import Verifier
from api.meters import Meters
from api.producer import Appended, ChangeLog
from api.protocol.effects import Append, Close, Effect, Verify
from api.protocol.inputs import Gone, Input, NotTaken, Refused, Shutdown, Taken, Tick, Verified, parse
from api.protocol.progress import Progress
from api.protocol.session import Session
from api.protocol.transitions import receive
from api.protocol.writes import Write
from api.revocations import Revocations
from api.transport import AsgiWriter, Writer
from schemas.frames import BAD_DATA
from schemas.problems import Problem

log = structlog.get_logger()
_MAX_BACKLOG: Final = 64
"""Answers that may wait before no more of the client's frames are read."""
_TICK_S: Final = 1.0


class Equipment(NamedTuple):
    """What every connection needs."""

    changes: ChangeLog
    verifier: Verifier
    meters: Meters


class Connection:
    """Drives one session: reads the socket, sends what is due, carries out effects. due: set when something is."""

    def __init__(self, session: Session, due: asyncio.Event, writer: Writer, equipment: Equipment) -> None:
        self.session = session
        self._due = due
        self._writer = writer
        self._changes, self._verifier, self._meters = equipment
        self._drained = asyncio.Event()
        self._progress = Progress(_now_ms())
        self._close: Close | None = None
        self._answers: set[asyncio.Task[None]] = set()

    def take(self, happened: Input) -> list[Effect]:
        """Tell the session what happened; closing is done at once, a token is checked aside, writes are returned."""
        effects = receive(self.session, happened, _now_ms())
        writes: list[Effect] = []
        for effect in effects:
            match effect:
                case Close():
                    self._close = effect
                    self._due.set()
                case Verify(token=token):
                    self._aside(self._renew(token))
                case Append():
                    writes.append(effect)
        return writes

    def stalled_ms(self) -> int:
        """Return for how long the peer has taken nothing of what waits for it."""
        flow = self._writer.flow()
        return 0 if flow is None else self._progress.stalled_ms(*flow, _now_ms())

    def abort(self) -> None:
        """End at once: a close frame would wait behind what the peer does not take."""
        self._writer.abort()

    async def run(self, websocket: WebSocket) -> None:
        """Serve until either side closes."""
        reading = asyncio.create_task(self._read(websocket))
        sending = asyncio.create_task(self._send())
        try:
            done, _ = await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.take(Gone())
            for task in (reading, sending, *self._answers):
                task.cancel()
            await asyncio.gather(reading, sending, *self._answers, return_exceptions=True)

    async def _read(self, websocket: WebSocket) -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                self._close = Close(BAD_DATA.code, '{"c":"invalid-frame"}')
                self._due.set()
                continue
            for effect in self.take(parse(text)):
                if isinstance(effect, Append):
                    await self._append(effect.write)
            while self.session.backlog > _MAX_BACKLOG:
                self._drained.clear()
                await self._drained.wait()

    async def _append(self, write: Write) -> None:
        """Write a change; the order of writing is the order of the frames, only the answers are awaited aside."""
        self.session.expect(write, _now_ms())
        answer = await self._changes.append(write)
        self._aside(self._answer(write, answer))

    def _aside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _renew(self, token: str) -> None:
        """Check a new token: its key may have to be asked for."""
        found = await self._verifier.verify(token)
        self.take(Refused(found) if isinstance(found, Problem) else Verified(found))

    async def _answer(self, write: Write, answer: Awaitable[Appended | Problem]) -> None:
        event = write.event
        match await answer:
            case Appended(position=position, known=known):
                self.take(Taken(event.id, event.correlation_id or event.id, position, known))
            case Problem() as problem:
                self.take(NotTaken(event.id, problem))

    async def _send(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                while frames := self.session.due(_now_ms()):
                    await self._writer.write(frames)
                    self._meters.sent(len(frames))
                    self._drained.set()
                    await asyncio.sleep(0)  # writing does not wait while the socket takes everything
                if self._close is not None:
                    await self._writer.close(self._close.code, self._close.reason)
                    return
            except ConnectionError:
                return  # the peer is gone


class Connections:
    """All connections of this edge. stall_ms: how long one may take nothing."""

    def __init__(self, equipment: Equipment, stall_ms: int) -> None:
        self._stall_ms = stall_ms
        self._open: set[Connection] = set()
        self._users: Counter[str] = Counter()
        self._services = equipment
        self._meters = equipment.meters
        self._empty = asyncio.Event()
        self._stale: dict[str, object] | None = None
        self.closing = False

    def count(self, user: str) -> int:
        """Return how many connections a user has."""
        return self._users[user]

    async def serve(self, session: Session, due: asyncio.Event, websocket: WebSocket) -> None:
        """Run one connection to its end."""
        connection = Connection(session, due, AsgiWriter(websocket), self._services)
        user = session.principal.subject
        self._open.add(connection)
        self._users[user] += 1
        self._meters.connections.set(len(self._open))
        if self._stale is not None:
            session.tell("stale", self._stale, _now_ms())
        try:
            await connection.run(websocket)
        finally:
            self._count(session)
            self._open.discard(connection)
            self._users[user] -= 1
            if not self._users[user]:
                del self._users[user]
            self._meters.connections.set(len(self._open))
            if not self._open:
                self._empty.set()

    def appeared(self, project_id: str) -> None:
        """Tell everybody of a new project."""
        for connection in self._open:
            connection.session.reconsider(project_id, _now_ms())

    def regarded(self, project_id: str, user_id: str) -> None:
        """Tell the connections of a user that its standing in a project changed."""
        for connection in self._open if self._users[user_id] else ():
            if connection.session.principal.subject == user_id:
                connection.session.reconsider(project_id, _now_ms())

    def revoked(self, revocations: Revocations) -> None:
        """Close the connections whose token holds no more."""
        for connection in list(self._open):
            problem = revocations.refusal(connection.session.principal)
            if problem is not None:
                connection.take(Refused(problem))

    def stale(self, reason: str | None) -> None:
        """Tell everybody that what they see may be old, or is not any more (None)."""
        self._stale = None if reason is None else {"since": _now_ms(), "reason": reason}
        self._meters.stale.set(reason is not None)
        for connection in self._open:
            connection.session.tell("live" if reason is None else "stale", self._stale or {}, _now_ms())

    async def tick(self) -> None:
        """Give all sessions their second, for ever."""
        while True:
            await asyncio.sleep(_TICK_S)
            self._meters.second()
            for connection in list(self._open):
                connection.take(Tick())
                self._count(connection.session)
                if connection.stalled_ms() > self._stall_ms:
                    self._meters.stalled.inc()
                    connection.abort()

    def _count(self, session: Session) -> None:
        for result, count in session.joined.items():
            self._meters.joins.labels(result).inc(count)
        session.joined.clear()

    async def shutdown(self, timeout_s: float, retry_after_ms: int = 500, jitter_ms: int = 2000) -> None:
        """Say goodbye to everybody, and wait a moment for the sockets to close."""
        self.closing = True
        self._empty.clear()
        for connection in list(self._open):
            connection.take(Shutdown(retry_after_ms, jitter_ms))
        if self._open:
            try:
                await asyncio.wait_for(self._empty.wait(), timeout_s)
            except TimeoutError:
                log.info("connections_left_open", count=len(self._open))


def _now_ms() -> int:
    return int(time.time() * 1000)
