"""The frames that a client may send. The edge reads them as `schemas.frames.ClientFrame`."""

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.contract.base import CAMEL, Count, Id, Sparse
from schemas.words import Action, Entity

Stream = Annotated[str, Field(pattern="^project:.+$", description="project:<id>, or project:* for all of the user's projects.")]


class Since(Sparse):
    """Where a client stands: it has all frames up to and including `sequence` of `epoch`."""

    epoch: str
    sequence: Count


class Want(Sparse):
    """One stream that a client asks for."""

    stream: Stream
    since: Since | None = None


class Streams(Sparse):
    """The streams that are meant; at most 64 a frame."""

    streams: Annotated[list[Want], Field(max_length=64)]


class StreamsPayload(Sparse):
    """subscribe, unsubscribe, resume."""

    action: Literal["subscribe", "unsubscribe", "resume"]
    data: Streams


class NewToken(Sparse):
    """A fresh token of the same subject."""

    token: str


class NewTokenPayload(Sparse):
    """token."""

    action: Literal["token"]
    data: NewToken


class ClientSync(Sparse):
    """Choose streams, or renew the token."""

    type: Literal["sync"]
    payload: Annotated[StreamsPayload | NewTokenPayload, Field(discriminator="action")]


class PingPayload(Sparse):
    """ping on wake, pong as an answer."""

    action: Literal["ping", "pong"]


class ClientHeartbeat(Sparse):
    """A sign of life."""

    type: Literal["heartbeat"]
    payload: PingPayload


class ClientChangeData(Sparse):
    """primary: the entity's `id` and its fields. ifStamp: apply only if the row still has this stamp."""

    model_config = CAMEL

    primary: dict[str, Any]
    if_stamp: Count | None = None


class ClientChangePayload(Sparse):
    """What is changed and how."""

    entity: Entity
    action: Action
    data: ClientChangeData


class ClientMetadata(Sparse):
    """What a client may say about a change."""

    model_config = CAMEL

    source: str | None = None
    correlation_id: Id | None = None
    session_id: Id | None = None
    traceparent: str | None = None


class ClientChange(Sparse):
    """A change by the user. `id` is a UUIDv7 and the idempotency key."""

    type: Literal["update"]
    id: Id
    stream: Stream | None = None
    payload: ClientChangePayload
    metadata: ClientMetadata | None = None


ClientFrame = ClientSync | ClientHeartbeat | ClientChange
