"""A feed on a stand: all that it feeds, and records to feed it with."""

import json
from typing import Any

from msgspec import Raw

from api.feed import NO_EPOCH, Audience, Feed, Observed, Record
from api.meters import Meters
from api.protocol.hub import Hub, Place
from api.protocol.limits import Limits
from api.replica import Replica
from api.tracing import Headers, Untraced
from schemas.messages import (
    Bulk,
    BulkData,
    BulkPayload,
    Cascade,
    Change,
    Merged,
    Message,
    Metadata,
    Position,
    Update,
    UpdateData,
    UpdatePayload,
)
from schemas.messages import encode_message as encode
from schemas.rows import OffsetRow, encode_row
from schemas.topics import offset_key


def row(row_id: str, stamp: int, **fields: object) -> bytes:
    """Return a row's bytes."""
    return json.dumps({"id": row_id, "project_id": "p", "stamp": stamp} | fields).encode()


class Told(Untraced):
    """Notes which messages with a trace were handed out."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def delivered(self, headers: Headers, message: Update | Bulk, appended_ms: int) -> None:
        """Note it."""
        self.names.append(f"{dict(headers)} {message.id} {appended_ms}")


class Stand:
    """A feed with all it feeds, and a log of projects that came into being."""

    def __init__(self) -> None:
        self.meters = Meters()
        self.replica = Replica()
        self.hub = Hub(self.replica, lambda _project_id: 0, Limits())
        self.hub.begin(0, Place(NO_EPOCH))
        self.appeared: list[str] = []
        self.regarded: list[tuple[str, str]] = []
        audience = Audience(self.appeared.append, lambda *who: self.regarded.append(who))
        self.traces = Told()
        self.feed = Feed(self.replica, self.hub, Observed(self.meters, self.traces), audience)

    def state(self, key: bytes, value: bytes | None) -> None:
        """Feed a record of `task-state`."""
        self.feed.state(Record(0, 0, key, value, 0), 1_000)

    def step(self, through: int) -> None:
        """End a step."""
        self.state(offset_key(0), encode_row(OffsetRow(partition=0, through=through, time_ms=500)))

    def cascade(self, message: Message | bytes | None) -> int:
        """Feed a record of `cascades`; returns its sequence."""
        offset = self.hub.places[0].applied
        value = message if message is None or isinstance(message, bytes) else encode(message)
        self.feed.cascade(Record(0, offset, b"p", value, 900), 1_000)
        return offset + 1

    def frames(self) -> list[int]:
        """Return the sequences that are in the ring."""
        ring = self.hub.ring("p")
        return [frame.sequence for cursor in range(ring.first, ring.end) if (frame := ring.get(cursor))]

    def poisoned(self) -> float:
        """Return how many records could not be read."""
        return self.meters.registry.get_sample_value("edge_poison_records_total") or 0.0


def update(stamp: int = 1, entity: str = "task", **metadata: Any) -> Update:  # noqa: ANN401  because metadata has all types
    """Return a person's update of task `t`."""
    data = UpdateData(
        primary=Raw(row("t", stamp, branch_id="b")), cascade=Cascade(projects=[Raw(row("p", stamp))], branches=[Raw(row("b", stamp))])
    )
    return Update(
        id=f"m{stamp}",
        stream="project:p",
        timestamp=100,
        payload=UpdatePayload(entity=entity, action="update", data=data),
        metadata=Metadata(source="user", position=Position(0, stamp + 1), **metadata),
    )


def part(number: int, parts: int, stamp: int = 1) -> Bulk:
    """Return one part of a merged window."""
    merged = Merged(events=4, sessions=[], correlation_ids=[], window_start=0, window_end=500)
    change = Change(entity="task", action="update", row=Raw(row(f"t{number}", stamp, branch_id="b")))
    bulk = Bulk(
        id="w",
        stream="project:p",
        timestamp=0,
        payload=BulkPayload(
            entity="multiple", action="update", data=BulkData(primary=[change], cascade=Cascade(tasks=[Raw(row("u", stamp))]))
        ),
        metadata=Metadata(source="mcp-ai", position=Position(0, 2), merged=merged),
    )
    if parts:
        bulk.part, bulk.parts = number, parts
    return bulk
