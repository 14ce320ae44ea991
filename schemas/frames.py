"""The frames that clients send, and the close codes. What the edge sends is in `schemas.messages` and `api.protocol.control`.

`type` and `payload.action` together say what a frame is. Unknown fields are ignored.
"""

from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

VERSION: Final = "2.0"
SUBPROTOCOL: Final = "summary.v2"
BEARER_PREFIX: Final = "bearer."
ALL_PROJECTS: Final = "project:*"
STREAM_PREFIX: Final = "project:"


class Since(Struct, frozen=True):
    """Where a client stands in a stream: it has all frames up to and including `sequence` of `epoch`."""

    epoch: str
    sequence: int


class Want(Struct, frozen=True):
    """One stream that a client asks for."""

    stream: str
    since: Since | None = None


class Streams(Struct):
    """Data of subscribe, unsubscribe and resume."""

    streams: list[Want]


class NewToken(Struct):
    """Data of a token refresh."""

    token: str


class ChangeData(Struct, rename="camel"):
    """Data of a client's change: the entity's id and fields, and the stamp it must still have."""

    primary: dict[str, Any]
    if_stamp: int | None = None


class ClientPayload(Struct):
    """What a client's frame is about."""

    action: str
    entity: str | None = None
    data: Raw = Raw(b"{}")


class ClientMetadata(Struct, rename="camel"):
    """What a client may say about a change. traceparent: of W3C Trace Context, as the header of a write over HTTP."""

    source: str | None = None
    correlation_id: str | None = None
    session_id: str | None = None
    traceparent: str | None = None


class ClientFrame(Struct):
    """One frame from a client. `id` matters for changes only: it is their idempotency key."""

    type: str
    payload: ClientPayload
    id: str | None = None
    stream: str | None = None
    metadata: ClientMetadata | None = None


decode_client_frame = msgspec.json.Decoder(ClientFrame).decode


class CloseCode(NamedTuple):
    """A WebSocket close code of ours and when it is sent."""

    code: int
    meaning: str


RESTARTING: Final = CloseCode(1012, "restart or deploy, after a goodbye")
OVERLOAD: Final = CloseCode(1013, "not ready, overload or a slow consumer")
BAD_DATA: Final = CloseCode(1003, "a binary frame")
BAD_FRAME: Final = CloseCode(4400, "invalid frame")
BAD_TOKEN: Final = CloseCode(4401, "token missing, invalid or expired")
NOT_ALLOWED: Final = CloseCode(4403, "origin or subject")
NO_VERSION: Final = CloseCode(4406, "no common version")
TIMED_OUT: Final = CloseCode(4408, "no subscribe in time, or no pong")
TOO_MANY: Final = CloseCode(4429, "rate or connections")
CLOSE_CODES: Final = (RESTARTING, OVERLOAD, BAD_DATA, BAD_FRAME, BAD_TOKEN, NOT_ALLOWED, NO_VERSION, TIMED_OUT, TOO_MANY)
