"""The event: one fact on `task-changes`, as it is read on the hot path.

`Event` is what a record's value decodes to. It is lenient in what it reads (aliases, missing fields); the public contract,
with every constraint that a producer must keep, is `schemas.contract.TaskChange`.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from schemas.words import Source


class Fields(Struct, omit_defaults=True, gc=False):
    """The payload of an event: every field that any entity has; a field that is not there is UNSET.

    A patch changes exactly the fields that are set. In a create or update, an UNSET or null field means its default.
    Task: title, status, priority, assignees, progress_percentage, branch_id, parent_id, dependencies, labels.
    Subtask: task_id, title, status, assignees, progress_percentage. Branch: name, status, archived.
    Project: name, status, archived. Context: level, changed, version. Member: user_id, role.
    """

    title: str | None | UnsetType = UNSET
    status: str | None | UnsetType = UNSET
    priority: str | None | UnsetType = UNSET
    branch_id: str | None | UnsetType = UNSET
    task_id: str | None | UnsetType = UNSET
    parent_id: str | None | UnsetType = UNSET
    name: str | None | UnsetType = UNSET
    archived: bool | None | UnsetType = UNSET
    assignees: list[str] | None | UnsetType = UNSET
    labels: list[str] | None | UnsetType = UNSET
    dependencies: list[str] | None | UnsetType = UNSET
    progress_percentage: float | None | UnsetType = UNSET
    level: str | None | UnsetType = UNSET
    changed: list[str] | None | UnsetType = UNSET
    version: int | None | UnsetType = UNSET
    user_id: str | None | UnsetType = UNSET
    role: str | None | UnsetType = UNSET
    git_branch_id: str | None | UnsetType = UNSET
    git_branch_name: str | None | UnsetType = UNSET


class Event(Struct, omit_defaults=True, gc=False):
    """One change of one entity. `action` may be an alias of `schemas.words.ACTIONS`; `occurred_at` is any ISO 8601 time."""

    id: str
    entity: str
    action: str
    project_id: str
    entity_id: str
    occurred_at: str
    source: Source
    schema: int = 1
    branch_id: str | None = None
    task_id: str | None = None
    origin: str | None = None
    version: int | None = None
    if_stamp: int | None = None
    user_id: str | None = None
    session_id: str | None = None
    correlation_id: str | None = None
    data: Fields | None = None
    git_branch_id: str | None = None


decode_event = msgspec.json.Decoder(Event).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def encode_event(event: Event) -> bytes:
    """Return the value of the record; the same event always gives the same bytes."""
    return _encode(event)


def decode_any(value: bytes) -> Any:  # noqa: ANN401  because the shape of foreign JSON is unknown
    """Return foreign JSON as plain objects. Raises `msgspec.DecodeError`."""
    return msgspec.json.decode(value)
