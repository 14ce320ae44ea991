"""What every frame of an edge has in front, and the two that carry rows: the records of `cascades` with their order, and snapshots."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.contract.base import CAMEL, Absent, Milliseconds, Whole, absent
from schemas.contract.messages import Bulk, Position, Update
from schemas.contract.rows import BranchSummary, ProjectSummary, Tombstone

Sequence = Annotated[int, Field(ge=0, description="Offset of the frame's record in cascades + 1; 0 in control frames.")]
Prev = Annotated[int, Field(ge=0, description="Sequence of the stream's frame before: at or below the position, apply; above, resume.")]
Epoch = Annotated[str, Field(description="Life of the topics. When it changes, sequences start anew.")]


class UpdateFrame(Update):
    """One person's (or lone agent's) change."""

    sequence: Sequence
    prev: Prev
    epoch: Epoch


class BulkFrame(Bulk):
    """A merged AI window."""

    sequence: Sequence
    prev: Prev
    epoch: Epoch


class SnapshotCascade(Whole):
    """All branches of the project that fit into this part."""

    branches: list[BranchSummary | Tombstone] = Field(default_factory=list)


class SnapshotData(Whole):
    """The project's row, or its tombstone, and its branches."""

    primary: ProjectSummary | Tombstone
    cascade: SnapshotCascade


class SnapshotPayload(Whole):
    """Payload of a snapshot."""

    entity: Literal["project"] = "project"
    action: Literal["snapshot"] = "snapshot"
    data: SnapshotData


class SnapshotMetadata(Whole):
    """Where the rows stand."""

    source: Literal["system"] = "system"
    position: Position | Absent = absent()


class SnapshotFrame(Whole):
    """The project's summaries at (epoch, sequence). Applied when all parts are there; branches that are missing in it are gone."""

    type: Literal["bulk"] = "bulk"
    id: str
    stream: str
    timestamp: Milliseconds
    payload: SnapshotPayload
    metadata: SnapshotMetadata
    version: Literal["2.0"] = "2.0"
    sequence: Sequence
    prev: Prev
    epoch: Epoch
    part: int = 1
    parts: int = 1


class ControlMetadata(Whole):
    """Control frames come from the edge itself."""

    model_config = CAMEL

    source: Literal["system"] = "system"
    correlation_id: str | Absent = absent()


class ControlFrame(Whole):
    """The front of a frame that carries no rows."""

    sequence: Literal[0] = 0
    id: str
    version: Literal["2.0"] = "2.0"
    timestamp: Milliseconds
    metadata: ControlMetadata
