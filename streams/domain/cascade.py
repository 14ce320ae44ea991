"""Messages about one event: a change with its cascade, or the decision about a write."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final, Literal

from msgspec import UNSET, Raw, UnsetType

from schemas.events import Event
from schemas.messages import Cascade, Metadata, Outcome, Position, Update, UpdateData, UpdatePayload, encode_message, encode_raw, stream_of
from schemas.rows import LiveRow
from schemas.topics import TRACEPARENT, TRACESTATE
from streams.domain.fold import Applied
from streams.domain.node import Node, kind_of, public_bytes, shown_row
from streams.domain.records import Out, Record

Look = Callable[[bytes], Node | None]

LISTS: Final[dict[str, Callable[[Cascade], list[Raw]]]] = {
    "project": attrgetter("projects"),
    "branch": attrgetter("branches"),
    "task": attrgetter("tasks"),
    "subtask": attrgetter("subtasks"),
    "context": attrgetter("contexts"),
}
"""Kind of a key -> its list in a cascade."""

_STAMP: Final = "stamp"
_TRACE: Final = frozenset({TRACEPARENT, TRACESTATE})
_TRACE_BYTES: Final = 512
"""What W3C Trace Context asks everybody to pass on of a `tracestate`; a `traceparent` has 55."""


def update(event: Event, record: Record, applied: Applied, look: Look, partition: int) -> Out:
    """Return the message about one change: the row with its changed ancestors. Its id is the event's, its time the record's."""
    node = look(applied.key)
    if node is None:
        raise LookupError(f"the changed row {applied.key!r} is not there")
    data = UpdateData(Raw(public_bytes(node)), cascade_of(applied.ancestors, look), _delta(applied.before, node))
    message = Update(
        id=event.id,
        stream=stream_of(event.project_id),
        timestamp=record.timestamp_ms,
        payload=UpdatePayload(event.entity, action_of(node, existed=applied.before is not None), data),
        metadata=_metadata(event, Position(partition, record.offset + 1)),
    )
    return Out(event.project_id.encode(), encode_message(message), trace_of(record))


def outcome(event: Event, record: Record, position: Position, error: str | None) -> Out:
    """Return the worker's decision about a write; without an error it was applied. `position` includes the event."""
    action: Literal["applied", "rejected", "duplicate"] = "rejected"
    if error is None:
        action = "applied"
    elif error == "duplicate":
        action = "duplicate"
    message = Outcome(
        id=f"{position.partition}-{record.offset}",
        stream=stream_of(event.project_id),
        timestamp=record.timestamp_ms,
        action=action,
        metadata=_metadata(event, position),
        message_id=event.id,
        error=UNSET if error is None or action == "duplicate" else error,
    )
    return Out(event.project_id.encode(), encode_message(message), trace_of(record))


def trace_of(record: Record) -> tuple[tuple[str, bytes], ...]:
    """Return the headers of a record that name the trace it belongs to."""
    return tuple(header for header in record.headers if header[0] in _TRACE and _is_trace(header[1])) if record.headers else ()


def parents_of(record: Record) -> list[bytes]:
    """Return the spans that a record's headers name."""
    return [value for name, value in record.headers if name == TRACEPARENT and _is_trace(value)]


def _is_trace(value: bytes) -> bool:
    """Tell whether a header may be passed on: anybody may write what a message could not carry."""
    return 0 < len(value) <= _TRACE_BYTES


def action_of(node: Node, *, existed: bool) -> str:
    """Return what happened to a row, as receivers see it: create, update or delete."""
    if node.deleted:
        return "delete"
    return "update" if existed else "create"


def cascade_of(keys: Iterable[bytes], look: Look) -> Cascade:
    """Return the rows under the keys, by kind."""
    cascade = Cascade()
    for key in keys:
        node = look(key)
        if node is not None:
            LISTS[kind_of(key)](cascade).append(Raw(public_bytes(node)))
    return cascade


def _delta(before: LiveRow | None, node: Node) -> Raw | UnsetType:
    if before is None or node.deleted:
        return UNSET
    row = shown_row(node.row)
    changed: dict[str, Any] = {}
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if name != _STAMP and value != getattr(before, name):
            changed[name] = value
    return Raw(encode_raw(changed))


def _metadata(event: Event, position: Position) -> Metadata:
    return Metadata(
        source=event.source,
        position=position,
        user_id=event.user_id or UNSET,
        session_id=event.session_id or UNSET,
        correlation_id=event.correlation_id or UNSET,
    )
