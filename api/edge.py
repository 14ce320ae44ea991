"""What the routes and sockets of one edge share."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection, Request

from api.auth import bearer
from api.bulk import BulkCache
from api.connections import Connections
from api.consumer import Tail
from api.drift import DriftWatch
from api.histories import Histories
from api.login import LoginCodes
from api.meters import Meters
from api.polls import Polls
from api.problems import Refusal
from api.producer import ChangeLog
from api.protocol.access import Action, Principal, authorize
from api.protocol.hub import Hub
from api.quota import Quota, Strangers
from api.receipts import Receipts
from api.replica import Replica
from api.settings import EdgeSettings
from api.trust import Trust
from schemas.frames import STREAM_PREFIX
from schemas.http import PlaceModel
from schemas.problems import BEHIND, INVALID_REQUEST, STARTING, TOO_LARGE, UNKNOWN_PROJECT, Problem


@dataclass(frozen=True)
class Edge:
    """The parts, and what most requests begin with. `origins`: pages that may call. newcomers: called with a project that came to be.

    open: set while the public port is.
    """

    settings: EdgeSettings
    origins: frozenset[str]
    replica: Replica
    hub: Hub
    tail: Tail
    changes: ChangeLog
    connections: Connections
    polls: Polls
    newcomers: list[Callable[[str], None]]
    trust: Trust
    codes: LoginCodes
    cache: BulkCache
    meters: Meters
    quota: Quota
    strangers: Strangers
    drift: DriftWatch
    receipts: Receipts
    histories: Histories
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def caller(self, request: Request) -> Principal:
        """Return who calls. Raises `Refusal`: no token, too many tries without one, or the edge is not ready."""
        found = await self.trust.verifier.verify(bearer(request.headers.get("authorization")))
        if isinstance(found, Problem):
            raise Refusal(await self.strangers.turn_away(address_of(request)) or found)
        self.check_ready()
        return found

    def check_ready(self) -> None:
        """Raise `Refusal` before the edge has read what it must know."""
        if not self.tail.ready.is_set():
            raise Refusal(Problem(STARTING, retry_after_ms=1000))

    def readable(self, principal: Principal, project_id: str) -> None:
        """Raise `Refusal` for a project that is not there or not the caller's: nobody learns which of both."""
        if not authorize(principal, Action.READ, project_id, self.replica) or self.replica.of(project_id) is None:
            raise Refusal(Problem(UNKNOWN_PROJECT, f"project {project_id}"))

    def known(self, principal: Principal, project_id: str) -> None:
        """Raise `Refusal` for a project that never was or is not the caller's. The end of a deleted one may still be read."""
        if not authorize(principal, Action.READ, project_id, self.replica) or self.replica.project(project_id) is None:
            raise Refusal(Problem(UNKNOWN_PROJECT, f"project {project_id}", (STREAM_PREFIX + project_id,)))

    async def reach(self, places: Sequence[PlaceModel]) -> None:
        """Wait until the rows include these positions. Raises `Refusal` when that takes too long."""
        if any(place.partition not in self.hub.places for place in places):
            raise Refusal(Problem(INVALID_REQUEST, errors=("min_position: no such partition",)))
        try:
            async with asyncio.timeout(self.settings.http.position_wait_s), self.tail.moved:
                await self.tail.moved.wait_for(lambda: all(self.hub.places[p.partition].through >= p.offset for p in places))
        except TimeoutError:
            raise Refusal(Problem(BEHIND, retry_after_ms=1000)) from None

    async def body(self, request: Request) -> bytes:
        """Return the request's body. Raises `Refusal` above the limit, without reading on."""
        parts: list[bytes] = []
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > self.settings.http.body_bytes:
                raise Refusal(Problem(TOO_LARGE, f"a body has at most {self.settings.http.body_bytes} bytes"))
            parts.append(part)
        return b"".join(parts)


def address_of(connection: HTTPConnection) -> str | None:
    """Return from where somebody calls."""
    return None if connection.client is None else connection.client.host
