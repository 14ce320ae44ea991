"""What a record of `task-changes` says, read again from architecture.md §3: one plain fact, or why it is poison. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from schemas.events import Event, Fields, decode_any, decode_event
from schemas.topics import MAX_EVENT_BYTES, MAX_ID_CHARS, MAX_NESTING
from schemas.words import ACTIONS, COMPLETED, ENTITIES

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = int(datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC).timestamp() * 1000)
"""Kafka takes records without a time (-1), and where a topic's settings let it, of any time."""


class Record(Struct, frozen=True):
    """One record as the broker has it; `timestamp_ms` is the broker's or producer's time of the record."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Fact(Struct, frozen=True):
    """One valid event with its aliases resolved. `fields` holds exactly the fields that the producer set."""

    event: Event
    action: str
    at: str
    fields: dict[str, Any]
    branch_id: str | None
    task_id: str | None


class Poison(Struct, frozen=True):
    """A record that cannot be applied."""

    reason: str


def read(record: Record) -> Fact | Poison:
    """Return what the record says."""
    if record.value is None or record.key is None:
        return Poison("empty")
    if len(record.value) > MAX_EVENT_BYTES:
        return Poison("too large")
    try:
        if _opened(record.value) > MAX_NESTING and _depth(decode_any(record.value)) > MAX_NESTING:
            return Poison("nesting")
        event = decode_event(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Poison(f"not an event: {error}")
    reason = _wrong(event, record.key)
    return _fact(event, record) if reason is None else Poison(reason)


def canonical(text: str, record_ms: int) -> str | None:
    """Return the earlier of an ISO time (without a zone: UTC) and the record's time, in 24 characters; None when it is no time."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(_text(at), _text(time_of(record_ms)))


def time_of(ms: int) -> datetime:
    """Return milliseconds since 1970 as a time; what is none there can be stands at the nearest edge."""
    return _START + timedelta(milliseconds=min(max(ms, 0), _LAST_MS))


def _text(at: datetime) -> str:
    return at.replace(tzinfo=None, microsecond=at.microsecond // 1000 * 1000).isoformat(timespec="milliseconds") + "Z"


def _opened(value: bytes) -> int:
    """Return how many objects and lists a value can have at most: few enough of them cannot be nested too deep."""
    return value.count(b"{") + value.count(b"[")


def _depth(value: object) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += any(isinstance(one, dict | list) for one in level)
        level = [inner for one in level if isinstance(one, dict | list) for inner in (one.values() if isinstance(one, dict) else one)]
    return deepest


def _wrong(event: Event, key: bytes) -> str | None:
    ids = (event.id, event.entity_id, event.project_id)
    faults = {
        "unknown schema": event.schema != 1,
        "unknown entity": event.entity not in ENTITIES,
        "unknown action": event.action not in ACTIONS,
        "key is not project_id": event.project_id.encode() != key,
        "a project's id is not project_id": event.entity == "project" and event.entity_id != event.project_id,
        "id": any(not one or len(one) > MAX_ID_CHARS for one in ids),
    }
    return next((fault for fault, found in faults.items() if found), None)


def _fact(event: Event, record: Record) -> Fact | Poison:
    at = canonical(event.occurred_at, record.timestamp_ms)
    if at is None:
        return Poison("time")
    data = event.data or Fields()
    fields = {name: value for name in Fields.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
    if event.action == "completed":
        fields["status"] = COMPLETED
    if event.entity == "branch" and "name" not in fields and "git_branch_name" in fields:
        fields["name"] = fields["git_branch_name"]
    branch_id = event.branch_id or fields.get("branch_id") or event.git_branch_id or fields.get("git_branch_id")
    task_id = event.task_id or fields.get("task_id")
    return Fact(event, ACTIONS[event.action], at, fields, branch_id, task_id)


def with_archived(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a branch's or project's fields with the status told as what the row keeps of it: archived or not.

    The flag speaks first; the status speaks where the flag says nothing.
    """
    rest = {name: value for name, value in fields.items() if name not in {"archived", "status"}}
    if fields.get("archived") is not None:
        return {**rest, "archived": fields["archived"]}
    return {**rest, "archived": fields["status"] == "archived"} if "status" in fields else rest
