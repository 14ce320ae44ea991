"""From a record's bytes to an event with canonical names, or to the reason why it is poison."""

import re
from typing import Final, Literal, NamedTuple

import msgspec

from schemas.events import Event, Fields, decode_event
from schemas.topics import MAX_EVENT_BYTES, MAX_NESTING
from schemas.words import ACTIONS, COMPLETED, ENTITIES
from streams.domain.records import Record
from streams.domain.times import canonical

Reason = Literal[
    "empty",
    "too-large",
    "bad-utf8",
    "too-deep",
    "bad-json",
    "bad-shape",
    "bad-schema",
    "bad-entity",
    "bad-action",
    "bad-key",
    "bad-id",
    "bad-time",
]
"""Why a record is poison; the word goes into the dead letter's headers and the metric."""


class Poison(NamedTuple):
    """A record that no retry can mend. The detail names fields and limits, never content."""

    reason: Reason
    detail: str


_ENTITIES: Final = frozenset(ENTITIES)
_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_OPEN: Final = (b"{", b"[")
_SCHEMA: Final = 1
_NO_FIELDS: Final = Fields()


def decode(record: Record) -> Event | Poison:
    """Return the event with canonical action, branch, task and time, or why the record cannot be applied."""
    value = record.value
    if value is None:
        return Poison("empty", "the record has no value; a delete is an event with action delete")
    if len(value) > MAX_EVENT_BYTES or not value.isascii() or _openings(value) > MAX_NESTING:
        poison = _unreadable(value)
        if poison is not None:
            return poison
    try:
        event = decode_event(value)
    except msgspec.ValidationError as error:
        return Poison("bad-shape", str(error))
    except msgspec.DecodeError as error:
        return Poison("bad-json", str(error))
    if not event.branch_id or (not event.task_id and event.entity != "task"):
        _find_parents(event, event.data or _NO_FIELDS)
    return _judge(event, record.key)


def _find_parents(event: Event, data: Fields) -> None:
    event.branch_id = event.branch_id or data.branch_id or event.git_branch_id or data.git_branch_id or None
    event.task_id = event.task_id or data.task_id or None


def _unreadable(value: bytes) -> Poison | None:
    if len(value) > MAX_EVENT_BYTES:
        return Poison("too-large", f"the event has {len(value)} bytes; {MAX_EVENT_BYTES} are allowed")
    if not value.isascii():
        try:
            value.decode()
        except UnicodeDecodeError as error:
            return Poison("bad-utf8", f"{error.reason} at byte {error.start}")
    if _openings(value) > MAX_NESTING and _depth(value) > MAX_NESTING:
        return Poison("too-deep", f"the event is nested deeper than {MAX_NESTING}")
    return None


def _openings(value: bytes) -> int:
    return value.count(b"{") + (value.count(b"[") if b"[" in value else 0)  # counting takes longer than looking


def _depth(value: bytes) -> int:
    depth = deepest = 0
    for token in _BRACKETS.findall(value):
        if token in _OPEN:
            depth += 1
            deepest = max(deepest, depth)
        elif token[:1] != b'"':
            depth -= 1
    return deepest


def _judge(event: Event, key: bytes | None) -> Event | Poison:
    """Check what the type system cannot, and write action and time in their canonical form."""
    action = ACTIONS.get(event.action)
    occurred_at = canonical(event.occurred_at)
    fits = key == event.project_id.encode() and event.entity in _ENTITIES and event.schema == _SCHEMA
    if not fits or action is None or occurred_at is None or (event.entity == "project" and event.entity_id != event.project_id):
        return _misfit(event, key)
    event.occurred_at = occurred_at
    if event.action != action:
        if event.action == "completed":
            _complete(event)
        event.action = action
    return event


def _misfit(event: Event, key: bytes | None) -> Poison:
    """Return the first reason why `_judge` refuses an event."""
    if event.entity not in _ENTITIES:
        return Poison("bad-entity", f"the entity is none of {', '.join(ENTITIES)}")
    if key != event.project_id.encode():
        return Poison("bad-key", "the key of the record is not the event's project_id")
    if event.entity == "project" and event.entity_id != event.project_id:
        return Poison("bad-id", "the entity_id of a project event is not its project_id")
    if event.schema != _SCHEMA:
        return Poison("bad-schema", f"the event has schema {event.schema}; this worker reads {_SCHEMA}")
    if event.action not in ACTIONS:
        return Poison("bad-action", "the action is none of create, update, patch, delete or their aliases")
    return Poison("bad-time", "occurred_at is not an ISO 8601 time")


def _complete(event: Event) -> None:
    if event.data is None:
        event.data = Fields()
    event.data.status = COMPLETED
