"""The frames that an edge sends about the connection and its streams: sync, heartbeat, ack, error."""

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.contract.base import CAMEL, Absent, Count, Milliseconds, Sparse, Whole, absent
from schemas.contract.envelope import BulkFrame, ControlFrame, SnapshotFrame, UpdateFrame
from schemas.contract.messages import Position


class Limits(Whole):
    """What a connection may do."""

    model_config = CAMEL

    frame_bytes: Count
    subscriptions: Count
    messages_per_second: float
    burst: Count
    ring_frames: Count


class Welcome(Whole):
    """The first frame. token_exp: when the token ends."""

    model_config = CAMEL

    connection_id: str
    server_time: Milliseconds
    heartbeat_ms: Count
    token_exp: Milliseconds
    user: str
    limits: Limits
    features: list[str]


class Fault(Whole):
    """What is wrong: a code of `schemas.problems`. temporary: the same may work later."""

    model_config = CAMEL

    code: str
    message: str
    temporary: bool
    retry_after_ms: Count | Absent = absent()


class StreamStatus(Whole):
    """One stream's answer: live (nothing missed), recovered (`replayed` frames follow), snapshot (it follows) or error."""

    stream: str
    status: Literal["live", "recovered", "snapshot", "error"]
    epoch: str | None
    sequence: Count
    replayed: Count
    position: Position | Absent = absent()
    error: Fault | Absent = absent()


class StreamName(Whole):
    """A stream by its name: `project:<id>`."""

    stream: str


class StreamHead(Whole):
    """How far a stream is read; nothing below is pending. Compare digests only when the project row has the same stamp."""

    stream: str
    epoch: str
    sequence: Count
    digest: int | None = None
    stamp: int | None = None
    position: Position | Absent = absent()


class Subscribed(Whole):
    """Answer to subscribe and resume; comes unasked for a new project of `project:*`."""

    streams: list[StreamStatus]


class Unsubscribed(Whole):
    """These streams have ended, by wish or because a right was lost."""

    streams: list[StreamName]


class Reset(Whole):
    """The epoch changed; a snapshot follows."""

    stream: str
    epoch: str


class Stale(Whole):
    """The edge is cut off (`broker`) or behind (`lag`) since then, or events wait for a worker (`backlog`)."""

    since: Milliseconds
    reason: Literal["broker", "lag", "backlog"]


class TokenTaken(Whole):
    """The new token was taken (`token`), or the present one ends soon (`token-expiring`)."""

    model_config = CAMEL

    token_exp: Milliseconds


class Goodbye(Whole):
    """A close with 1012 follows: come back after retryAfterMs plus a random part of jitterMs."""

    model_config = CAMEL

    retry_after_ms: Count
    jitter_ms: Count


class Heartbeat(Sparse):
    """How far each stream is read."""

    streams: list[StreamHead] = Field(default_factory=list)


class Acknowledgement(Whole):
    """What became of a change: accepted = in the log at position; applied or rejected = the worker's decision."""

    model_config = CAMEL

    message_id: str
    correlation_id: str | None = None
    position: Position | Absent = absent()
    error: Fault | Absent = absent()


class Failed(Fault):
    """A frame or change that was not taken."""

    stream: str | Absent = absent()
    message_id: str | Absent = absent()


class WelcomePayload(Whole):
    """sync welcome."""

    entity: str
    action: Literal["welcome"] = "welcome"
    data: Welcome


class SubscribedPayload(Whole):
    """sync subscribed."""

    entity: str
    action: Literal["subscribed"] = "subscribed"
    data: Subscribed


class UnsubscribedPayload(Whole):
    """sync unsubscribed."""

    entity: str
    action: Literal["unsubscribed"] = "unsubscribed"
    data: Unsubscribed


class ResetPayload(Whole):
    """sync reset."""

    entity: str
    action: Literal["reset"] = "reset"
    data: Reset


class StalePayload(Whole):
    """sync stale."""

    entity: str
    action: Literal["stale"] = "stale"
    data: Stale


class LivePayload(Whole):
    """sync live: the edge is up to date again. There is nothing more to say."""

    entity: str
    action: Literal["live"] = "live"
    data: dict[str, Any]


class TokenPayload(Whole):
    """sync token and token-expiring."""

    entity: str
    action: Literal["token", "token-expiring"]
    data: TokenTaken


class GoodbyePayload(Whole):
    """sync goodbye."""

    entity: str
    action: Literal["goodbye"] = "goodbye"
    data: Goodbye


SyncPayload = Annotated[
    WelcomePayload | SubscribedPayload | UnsubscribedPayload | ResetPayload | StalePayload | LivePayload | TokenPayload | GoodbyePayload,
    Field(discriminator="action"),
]


class HeartbeatPayload(Whole):
    """heartbeat ping and pong."""

    entity: str
    action: Literal["ping", "pong"]
    data: Heartbeat


class AckPayload(Whole):
    """ack."""

    entity: str
    action: Literal["accepted", "applied", "rejected", "duplicate"]
    data: Acknowledgement


class ErrorPayload(Whole):
    """error failed."""

    entity: str
    action: Literal["failed"] = "failed"
    data: Failed


class SyncFrame(ControlFrame):
    """About the connection and its streams."""

    type: Literal["sync"] = "sync"
    payload: SyncPayload


class HeartbeatFrame(ControlFrame):
    """A sign of life with the positions; answer ping with pong."""

    type: Literal["heartbeat"] = "heartbeat"
    payload: HeartbeatPayload


class AckFrame(ControlFrame):
    """What became of a change."""

    type: Literal["ack"] = "ack"
    payload: AckPayload


class ErrorFrame(ControlFrame):
    """Something was not taken; the connection stays open."""

    type: Literal["error"] = "error"
    payload: ErrorPayload


ServerFrame = SyncFrame | HeartbeatFrame | AckFrame | ErrorFrame | UpdateFrame | SnapshotFrame | BulkFrame
