"""The records of `cascades`, and the data frames that receivers see after an edge has put the order in front.

The hot path's twins are in `schemas.messages`.
"""

from typing import Any, Literal

from pydantic import Field

from schemas.contract.base import CAMEL, Absent, Count, Milliseconds, Sparse, Whole, absent
from schemas.contract.rows import BranchSummary, ContextUpdate, ProjectSummary, Row, SubtaskSummary, TaskSummary, Tombstone


class Position(Whole):
    """A place in `task-changes`: all events of the partition below `offset` are in the answer, none at or above it."""

    partition: Count
    offset: Count


class SessionCount(Sparse):
    """What one session did inside a merged window."""

    events: Count
    session_id: str | None = None
    user_id: str | None = None
    source: str = "mcp-ai"


class Merged(Whole):
    """Who did what in a merged window. Correlation ids are cut at 64."""

    model_config = CAMEL

    events: Count
    sessions: list[SessionCount]
    correlation_ids: list[str]
    window_start: Milliseconds
    window_end: Milliseconds


class Metadata(Sparse):
    """Who and where. `merged` only on a window's bulk."""

    model_config = CAMEL

    source: str
    position: Position
    user_id: str | None = None
    session_id: str | None = None
    correlation_id: str | None = None
    merged: Merged | Absent = absent()


class Cascade(Sparse):
    """The changed ancestors, whole; a deleted one is its tombstone. Kinds without rows are left out."""

    branches: list[BranchSummary | Tombstone] = Field(default_factory=list)
    tasks: list[TaskSummary | Tombstone] = Field(default_factory=list)
    projects: list[ProjectSummary | Tombstone] = Field(default_factory=list)
    subtasks: list[SubtaskSummary | Tombstone] = Field(default_factory=list)
    contexts: list[ContextUpdate | Tombstone] = Field(default_factory=list)


class Change(Whole):
    """One entry of a merged `primary`: what happened to which row; the row is the newest state."""

    entity: str
    action: str
    row: Row


class UpdateData(Whole):
    """One changed row with its cascade. `delta` = names and new values of the changed fields, for display."""

    primary: Row
    cascade: Cascade
    delta: dict[str, Any] | Absent = absent()


class BulkData(Whole):
    """The changed rows of a window with the ancestors' newest rows."""

    primary: list[Change]
    cascade: Cascade


class UpdatePayload(Whole):
    """Payload of `update`."""

    entity: str
    action: str
    data: UpdateData


class BulkPayload(Whole):
    """Payload of a merged `bulk`: entity `multiple`, action `update`."""

    entity: str
    action: str
    data: BulkData


class Update(Whole):
    """One person's (or lone agent's) change."""

    type: Literal["update"] = "update"
    id: str
    stream: str
    timestamp: Milliseconds
    payload: UpdatePayload
    metadata: Metadata
    version: Literal["2.0"] = "2.0"


class Bulk(Whole):
    """A merged AI window, or one part of it. Parts are applied when all are there."""

    type: Literal["bulk"] = "bulk"
    id: str
    stream: str
    timestamp: Milliseconds
    payload: BulkPayload
    metadata: Metadata
    part: int | Absent = absent()
    parts: int | Absent = absent()
    version: Literal["2.0"] = "2.0"


class Outcome(Whole):
    """The worker's decision about a write with a correlation id. An edge turns it into an `ack` frame for the writer."""

    type: Literal["ack"] = "ack"
    id: str
    stream: str
    timestamp: Milliseconds
    action: Literal["applied", "rejected", "duplicate"]
    metadata: Metadata
    message_id: str
    error: str | Absent = absent()
    version: Literal["2.0"] = "2.0"
