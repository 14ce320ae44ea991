"""The WebSocket's door: who may come in, and how one who may not is told. Refusals are accepted, then closed with a code."""

from typing import Any, Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth import bearer, offered
from api.direct import EXTENSION, DirectLink
from api.edge import Edge, address_of
from api.now import now_ms
from api.protocol.access import Principal
from api.protocol.control import close_reason
from api.protocol.inputs import Subscribe
from api.protocol.session import Session
from api.protocol.transitions import receive
from api.transport import AsgiLink, Link
from schemas.frames import (
    ALL_PROJECTS,
    BAD_TOKEN,
    BEARER_PREFIX,
    NO_VERSION,
    NOT_ALLOWED,
    OVERLOAD,
    RESTARTING,
    SUBPROTOCOL,
    TOO_MANY,
    CloseCode,
    Want,
)
from schemas.problems import CONNECTIONS, FORBIDDEN, ORIGIN, RESTART, STARTING, VERSION, Problem

log = structlog.get_logger()
FEATURES: Final = ("resume", "changes", "token", "all-projects")
Refused = tuple[CloseCode, Problem]
_STRANGERS: Final = frozenset({BAD_TOKEN, NOT_ALLOWED, NO_VERSION})
"""What those get who are not signed in."""
CASCADES: Final = "cascades"
"""In `welcome` when frames carry rows; without it they are notices."""


async def serve(websocket: WebSocket, edge: Edge, user: str | None = None) -> None:
    """Serve one WebSocket. user: of the original's path, which must be the caller and gets all projects by itself."""
    offers = websocket.scope.get("subprotocols", [])
    chosen = SUBPROTOCOL if SUBPROTOCOL in offers else None
    admitted = await _counted(websocket, edge, await _admit(websocket, edge, user))
    try:
        await websocket.accept(chosen)
        if not isinstance(admitted, Principal):
            code, problem = admitted
            log.info("socket_refused", code=code.code, reason=problem.type.code)
            await websocket.close(code.code, close_reason(problem))
            return
    except (WebSocketDisconnect, RuntimeError):
        return
    await _run(websocket, edge, admitted, everything=user is not None)


async def _run(websocket: WebSocket, edge: Edge, principal: Principal, *, everything: bool) -> None:
    def begin(session: Session) -> None:
        session.say("sync", "welcome", _welcome(edge, session))
        if everything:
            receive(session, Subscribe([Want(ALL_PROJECTS)]), now_ms())

    await edge.connections.serve(_link(websocket), principal, begin)


def _link(websocket: WebSocket) -> Link:
    """Return our own end of the socket, where the server below has one."""
    protocol = websocket.scope.get("extensions", {}).get(EXTENSION)
    return AsgiLink(websocket) if protocol is None else DirectLink(protocol)


async def _admit(websocket: WebSocket, edge: Edge, user: str | None) -> Principal | Refused:
    """Return who comes in, or the close code and why not."""
    header = bearer(websocket.headers.get("authorization"))
    origin = websocket.headers.get("origin")
    if (origin is None and header is None) or (origin is not None and origin not in edge.origins):
        return NOT_ALLOWED, Problem(ORIGIN)
    offers = websocket.scope.get("subprotocols", [])
    if offers and SUBPROTOCOL not in offers:
        return NO_VERSION, Problem(VERSION)
    found = await edge.trust.verifier.verify(header or offered(offers, BEARER_PREFIX))
    if isinstance(found, Problem):
        return BAD_TOKEN, found
    if user is not None and user != found.subject:
        return NOT_ALLOWED, Problem(FORBIDDEN)
    return _room(edge, found)


async def _counted(websocket: WebSocket, edge: Edge, admitted: Principal | Refused) -> Principal | Refused:
    """Return the same, or for one who is not signed in that it tried too often."""
    if isinstance(admitted, Principal) or admitted[0] not in _STRANGERS:
        return admitted
    too_many = await edge.strangers.turn_away(address_of(websocket))
    return admitted if too_many is None else (TOO_MANY, too_many)


def _room(edge: Edge, principal: Principal) -> Principal | Refused:
    if edge.connections.closing:
        return RESTARTING, Problem(RESTART, retry_after_ms=500)
    if not edge.tail.ready.is_set():
        return OVERLOAD, Problem(STARTING, retry_after_ms=1000)
    if edge.connections.count(principal.subject) >= edge.settings.limits.connections_per_user:
        return TOO_MANY, Problem(CONNECTIONS, retry_after_ms=10_000)
    return principal


def _welcome(edge: Edge, session: Session) -> dict[str, Any]:
    limits = edge.settings.limits
    return {
        "connectionId": session.id,
        "serverTime": now_ms(),
        "heartbeatMs": limits.heartbeat_ms,
        "tokenExp": session.principal.expires_ms,
        "user": session.principal.subject,
        "limits": {
            "frameBytes": limits.frame_bytes,
            "subscriptions": limits.subscriptions,
            "messagesPerSecond": limits.messages_per_second,
            "burst": limits.burst,
            "ringFrames": limits.ring_frames,
        },
        "features": [*FEATURES, *([CASCADES] if edge.settings.feature_ws_cascade else [])],
    }
