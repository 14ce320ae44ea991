"""The records of `cascades`: finished v2.0 messages without `sequence`, `prev` and `epoch`, which an edge splices in front.

The value's JSON starts with its `type`. `sequence` of a frame = offset of its record in `cascades` + 1 (0 is for control frames).
`position.offset` is the end of the input that the frame includes: every event below it, none at or above it.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType


class Position(Struct, gc=False):
    """A place in `task-changes`: all events of the partition below `offset` (exclusive)."""

    partition: int
    offset: int


class SessionCount(Struct, omit_defaults=True, gc=False):
    """What one session did inside a merged window."""

    events: int
    session_id: str | None = None
    user_id: str | None = None
    source: str = "mcp-ai"


class Merged(Struct, rename="camel", gc=False):
    """Provenance of a merged window. Times are milliseconds since 1970; correlation ids are cut at 64."""

    events: int
    sessions: list[SessionCount]
    correlation_ids: list[str]
    window_start: int
    window_end: int


class Metadata(Struct, rename="camel", gc=False):
    """Who and where. `merged` only on a window's bulk."""

    source: str
    position: Position
    user_id: str | None | UnsetType = UNSET
    session_id: str | None | UnsetType = UNSET
    correlation_id: str | None | UnsetType = UNSET
    merged: Merged | UnsetType = UNSET


class Cascade(Struct, omit_defaults=True, gc=False):
    """The changed ancestors, as whole rows (finished JSON). A deleted one is its tombstone. Kinds without rows are left out."""

    branches: list[Raw] = msgspec.field(default_factory=list)
    tasks: list[Raw] = msgspec.field(default_factory=list)
    projects: list[Raw] = msgspec.field(default_factory=list)
    subtasks: list[Raw] = msgspec.field(default_factory=list)
    contexts: list[Raw] = msgspec.field(default_factory=list)


class Change(Struct, gc=False):
    """One entry of a merged `primary`: what happened to which row, newest state."""

    entity: str
    action: str
    row: Raw


class UpdateData(Struct, gc=False):
    """One changed row (finished JSON) with its cascade. `delta` = names and new values of the changed fields."""

    primary: Raw
    cascade: Cascade
    delta: Raw | UnsetType = UNSET


class BulkData(Struct, gc=False):
    """The changed rows of a window with the ancestors' newest rows."""

    primary: list[Change]
    cascade: Cascade


class UpdatePayload(Struct, gc=False):
    """Payload of `update`."""

    entity: str
    action: str
    data: UpdateData


class BulkPayload(Struct, gc=False):
    """Payload of a merged `bulk`: entity `multiple`, action `update`."""

    entity: str
    action: str
    data: BulkData


class Update(Struct, tag_field="type", tag="update", gc=False):
    """One person's (or lone agent's) change. `timestamp` is in milliseconds since 1970."""

    id: str
    stream: str
    timestamp: int
    payload: UpdatePayload
    metadata: Metadata
    version: Literal["2.0"] = "2.0"


class Bulk(Struct, tag_field="type", tag="bulk", gc=False):
    """A merged AI window, or one part of it. Parts are applied when all are there."""

    id: str
    stream: str
    timestamp: int
    payload: BulkPayload
    metadata: Metadata
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET
    version: Literal["2.0"] = "2.0"


class Outcome(Struct, tag_field="type", tag="ack", gc=False):
    """The worker's decision about a write with a correlation id: `applied`, `rejected` (with `error`) or `duplicate`."""

    id: str
    stream: str
    timestamp: int
    action: Literal["applied", "rejected", "duplicate"]
    metadata: Metadata
    message_id: str
    error: str | UnsetType = UNSET
    version: Literal["2.0"] = "2.0"


Message = Update | Bulk | Outcome

encode_raw = msgspec.json.Encoder(order="deterministic").encode
decode_message = msgspec.json.Decoder(Message).decode


def encode_message(message: Message) -> bytes:
    """Return the record's value: a JSON object into whose front an edge splices `sequence`, `prev` and `epoch`."""
    return encode_raw(message)


def stream_of(project_id: str) -> str:
    """Return the name of a project's stream."""
    return f"project:{project_id}"
