"""The open connections of an edge: their clock, and what concerns all of them."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from api.auth import Verifier
from api.connection import Connection, Equipment
from api.fanout import FanOut
from api.meters import Meters
from api.now import now_ms
from api.producer import ChangeLog
from api.protocol.access import Principal
from api.protocol.freshness import Old
from api.protocol.hub import Hub
from api.protocol.inputs import Refused, Shutdown
from api.protocol.session import Session
from api.revocations import Revocations
from api.transport import Link

log = structlog.get_logger()
_TICK_S: Final = 1.0
_SLICES: Final = 50
"""A tick is given to all connections within its second, not at once: nobody's frame waits for ten thousand clocks."""


class Connections:
    """All connections of this edge. old: since when (ms) and why what they show is old, None while it is not."""

    def __init__(self, hub: Hub, changes: ChangeLog, verifier: Verifier, meters: Meters) -> None:
        self.closing = False
        self._hub = hub
        self._fan_out = FanOut(hub, meters, hub.limits.flush_ms)
        self._equipment = Equipment(changes, verifier, meters, self._fan_out, self._ended)
        self._open: dict[Connection, None] = {}
        self._users: Counter[str] = Counter()
        self._meters = meters
        self._empty = asyncio.Event()
        self.old: dict[str, object] | None = None

    @property
    def standing(self) -> tuple[str, dict[str, object]]:
        """Return the action and data of the `sync` frame that says how old what is shown is."""
        return ("live", {}) if self.old is None else ("stale", self.old)

    def count(self, user: str) -> int:
        """Return how many connections a user has."""
        return self._users[user]

    async def serve(self, link: Link, principal: Principal, begin: Callable[[Session], None]) -> None:
        """Open a connection over this link. begin: says the first things. Returns as the link's `serve` does."""
        connection = Connection(link, self._equipment)
        session = connection.session = Session(secrets.token_hex(8), principal, self._hub, connection, now_ms())
        self._open[connection] = None
        self._users[principal.subject] += 1
        self._meters.connections.set(len(self._open))
        log.debug("socket_opened", user=principal.subject)
        begin(session)
        if self.old is not None:
            session.tell(*self.standing, now_ms())
        await link.serve(connection)

    def _ended(self, connection: Connection) -> None:
        session = connection.session
        user = session.principal.subject
        self._count(session)
        del self._open[connection]
        self._users[user] -= 1
        if not self._users[user]:
            del self._users[user]
        self._meters.connections.set(len(self._open))
        log.debug("socket_closed", user=user, seconds=round((now_ms() - session.opened_ms) / 1000, 1))
        if not self._open:
            self._empty.set()

    def appeared(self, project_id: str) -> None:
        """Tell everybody of a new project."""
        for connection in self._open:
            connection.session.reconsider(project_id, now_ms())

    def regarded(self, project_id: str, user_id: str) -> None:
        """Tell the connections of a user that its standing in a project changed."""
        for connection in self._open if self._users[user_id] else ():
            if connection.session.principal.subject == user_id:
                connection.session.reconsider(project_id, now_ms())

    def revoked(self, revocations: Revocations) -> None:
        """Close the connections whose token holds no more."""
        for connection in list(self._open):
            problem = revocations.refusal(connection.session.principal)
            if problem is not None:
                connection.take(Refused(problem))

    def stale(self, old: Old | None) -> None:
        """Tell everybody that what they see may be old, or is not any more (None)."""
        self.old = None if old is None else {"since": now_ms() - round(old.age_s * 1000), "reason": old.reason}
        self._meters.stale.set(old is not None)
        for connection in self._open:
            connection.session.tell(*self.standing, now_ms())

    async def tick(self) -> None:
        """Give all sessions their second, for ever."""
        while True:
            everybody = list(self._open)
            step = -(-len(everybody) // _SLICES) or 1
            paused = unsent = 0
            for start in range(0, _SLICES * step, step):
                await asyncio.sleep(_TICK_S / _SLICES)
                time_ms = now_ms()
                for connection in everybody[start : start + step]:
                    if connection in self._open:
                        unsent += self._second(connection, time_ms)
                        paused += connection.session.held
            self._meters.second(paused, unsent)

    def _second(self, connection: Connection, time_ms: int) -> int:
        waiting, stalled_ms = connection.second(time_ms)
        if connection.session.joined or connection.session.conflated:
            self._count(connection.session)
        if stalled_ms > self._hub.limits.stall_ms:
            self._meters.stalled.inc()
            connection.abort()
        return waiting

    def _count(self, session: Session) -> None:
        for result, count in session.joined.items():
            self._meters.joins.labels(result).inc(count)
        session.joined.clear()
        self._meters.conflated.inc(session.conflated)
        session.conflated = 0

    async def shutdown(self, timeout_s: float, retry_after_ms: int = 500, jitter_ms: int = 2000) -> None:
        """Say goodbye to everybody, and wait a moment for the sockets to close."""
        self.closing = True
        self._empty.clear()
        for connection in list(self._open):
            connection.take(Shutdown(retry_after_ms, jitter_ms))
        if self._open:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._empty.wait()
            except TimeoutError:
                log.info("connections_left_open", count=len(self._open))
