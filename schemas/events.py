"""The event: one fact on `task-changes`, as it is read on the hot path.

`Event` is what a record's value decodes to. It is lenient in what it reads (aliases, missing fields), but never in how long it
is: rows and messages are made of it, and a worker must not die of a record. The public contract, with every constraint that a
producer must keep, is `schemas.contract.TaskChange`.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.topics import MAX_ID_CHARS, MAX_NAMES, MAX_TITLE_CHARS, MAX_WORD_CHARS
from schemas.words import Source

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]
Name = Annotated[str, Meta(max_length=MAX_ID_CHARS)]
Word = Annotated[str, Meta(max_length=MAX_WORD_CHARS)]
Title = Annotated[str, Meta(max_length=MAX_TITLE_CHARS)]
Names = Annotated[list[Name], Meta(max_length=MAX_NAMES)]
Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Fields(Struct, omit_defaults=True, gc=False):
    """The payload of an event: every field that any entity has; a field that is not there is UNSET.

    A patch changes exactly the fields that are set. In a create or update, an UNSET or null field means its default.
    Task: title, status, priority, assignees, progress_percentage, branch_id, parent_id, dependencies, labels.
    Subtask: task_id, title, status, assignees, progress_percentage. Branch: name, status, archived.
    Project: name, status, archived. Context: level, changed, version. Member: user_id, role.
    """

    title: Title | None | UnsetType = UNSET
    status: Word | None | UnsetType = UNSET
    priority: Word | None | UnsetType = UNSET
    branch_id: Name | None | UnsetType = UNSET
    task_id: Name | None | UnsetType = UNSET
    parent_id: Name | None | UnsetType = UNSET
    name: Title | None | UnsetType = UNSET
    archived: bool | None | UnsetType = UNSET
    assignees: Names | None | UnsetType = UNSET
    labels: Names | None | UnsetType = UNSET
    dependencies: Names | None | UnsetType = UNSET
    progress_percentage: float | None | UnsetType = UNSET
    level: Word | None | UnsetType = UNSET
    changed: Names | None | UnsetType = UNSET
    version: Integer | None | UnsetType = UNSET
    user_id: Name | None | UnsetType = UNSET
    role: Word | None | UnsetType = UNSET
    git_branch_id: Name | None | UnsetType = UNSET
    git_branch_name: Name | None | UnsetType = UNSET


class Event(Struct, omit_defaults=True, gc=False):
    """One change of one entity. `action` may be an alias of `schemas.words.ACTIONS`; `occurred_at` is any ISO 8601 time."""

    id: Id
    entity: str
    action: str
    project_id: Id
    entity_id: Id
    occurred_at: str
    source: Source
    schema: int = 1
    branch_id: Name | None = None
    task_id: Name | None = None
    origin: Name | None = None
    version: Integer | None = None
    if_stamp: Integer | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    correlation_id: Name | None = None
    data: Fields | None = None
    git_branch_id: Name | None = None


decode_event = msgspec.json.Decoder(Event).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def encode_event(event: Event) -> bytes:
    """Return the value of the record; the same event always gives the same bytes."""
    return _encode(event)


def decode_any(value: bytes) -> Any:  # noqa: ANN401  because the shape of foreign JSON is unknown
    """Return foreign JSON as plain objects. Raises `msgspec.DecodeError`."""
    return msgspec.json.decode(value)
