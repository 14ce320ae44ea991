"""Events of a project, made by name: a service says what changed, and the event is right or refused on the spot.

Ids are UUIDv7, times are now unless they are given. A wrong field raises `ValueError` here, long before a worker would see it.
"""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypedDict, Unpack

import msgspec
from msgspec import Struct
from pydantic import ValidationError

from connectors.facts import iso
from schemas.contract import TaskChange
from schemas.events import Event, Fields, encode_event
from schemas.ids import uuid7
from schemas.topics import MAX_EVENT_BYTES
from schemas.words import Action, Entity, Source

_MS: Final = 1000
_ENTROPY_BITS: Final = 74


class AnyFields(TypedDict, total=False):
    """What any change may say beside its fields. at: when it happened. version: grows with every change of a row (needs an origin)."""

    at: datetime
    version: int
    if_stamp: int
    id: str


class ProjectFields(AnyFields, total=False):
    """Fields of a project or a branch."""

    name: str
    status: str
    archived: bool


class SubtaskFields(AnyFields, total=False):
    """Fields of a subtask."""

    title: str
    status: str
    assignees: list[str]
    progress_percentage: float


class TaskFields(SubtaskFields, total=False):
    """Fields of a task."""

    priority: str
    labels: list[str]
    dependencies: list[str]
    parent_id: str


_ANY: Final = frozenset(AnyFields.__annotations__)


class Project(Struct, frozen=True, kw_only=True):
    """Where changes belong and who makes them; its methods return events.

    source: `user` for a person, `mcp-ai` for an agent, `system` for a job. origin: a name for versions to be compared under.
    create_… and update_… state all fields (what is left out is the default), patch_… only what changes.
    """

    id: str
    source: Source
    user_id: str | None = None
    session_id: str | None = None
    correlation_id: str | None = None
    origin: str | None = None

    def announce(self, **fields: Unpack[ProjectFields]) -> Event:
        """Return the event that creates the project, or states all its fields anew."""
        return self._event("project", "create", self.id, fields)

    def delete(self, **fields: Unpack[AnyFields]) -> Event:
        """Return the event that deletes the project with everything in it."""
        return self._event("project", "delete", self.id, fields)

    def create_branch(self, branch_id: str, **fields: Unpack[ProjectFields]) -> Event:
        """Return the event that creates a branch, or states all its fields anew."""
        return self._event("branch", "create", branch_id, fields, branch_id=branch_id)

    def patch_branch(self, branch_id: str, **fields: Unpack[ProjectFields]) -> Event:
        """Return the event that changes some fields of a branch."""
        return self._event("branch", "patch", branch_id, fields, branch_id=branch_id)

    def delete_branch(self, branch_id: str, **fields: Unpack[AnyFields]) -> Event:
        """Return the event that deletes a branch with its tasks."""
        return self._event("branch", "delete", branch_id, fields, branch_id=branch_id)

    def create_task(self, task_id: str, branch_id: str, **fields: Unpack[TaskFields]) -> Event:
        """Return the event that creates a task in a branch. A deleted task lives again."""
        return self._event("task", "create", task_id, fields, branch_id=branch_id)

    def update_task(self, task_id: str, branch_id: str, **fields: Unpack[TaskFields]) -> Event:
        """Return the event that states all fields of a task; another branch moves it. A deleted task stays deleted."""
        return self._event("task", "update", task_id, fields, branch_id=branch_id)

    def patch_task(self, task_id: str, **fields: Unpack[TaskFields]) -> Event:
        """Return the event that changes some fields of a task."""
        return self._event("task", "patch", task_id, fields)

    def delete_task(self, task_id: str, **fields: Unpack[AnyFields]) -> Event:
        """Return the event that deletes a task with its subtasks."""
        return self._event("task", "delete", task_id, fields)

    def create_subtask(self, subtask_id: str, task_id: str, **fields: Unpack[SubtaskFields]) -> Event:
        """Return the event that creates a subtask of a task."""
        return self._event("subtask", "create", subtask_id, fields, task_id=task_id)

    def patch_subtask(self, subtask_id: str, **fields: Unpack[SubtaskFields]) -> Event:
        """Return the event that changes some fields of a subtask."""
        return self._event("subtask", "patch", subtask_id, fields)

    def delete_subtask(self, subtask_id: str, **fields: Unpack[AnyFields]) -> Event:
        """Return the event that deletes a subtask."""
        return self._event("subtask", "delete", subtask_id, fields)

    def set_member(self, user_id: str, role: str, **fields: Unpack[AnyFields]) -> Event:
        """Return the event that gives a user a role: owner, editor or viewer."""
        return self._event("member", "create", user_id, {**fields, "user_id": user_id, "role": role})

    def remove_member(self, user_id: str, **fields: Unpack[AnyFields]) -> Event:
        """Return the event that takes a user out of the project."""
        return self._event("member", "delete", user_id, fields)

    def _event(
        self,
        entity: Entity,
        action: Action,
        entity_id: str,
        given: Mapping[str, object],
        *,
        branch_id: str | None = None,
        task_id: str | None = None,
    ) -> Event:
        now_ms = time.time_ns() // 1_000_000
        plain = {name: value for name, value in given.items() if name in _ANY and name != "at"}
        fields = {name: value for name, value in given.items() if name not in _ANY}
        at = given.get("at")
        made = {
            "id": uuid7(now_ms, secrets.randbits(_ENTROPY_BITS)),
            "entity": entity,
            "action": action,
            "project_id": self.id,
            "entity_id": entity_id,
            "occurred_at": _time(at) if isinstance(at, datetime) else iso(now_ms),
            "source": self.source,
            "branch_id": branch_id,
            "task_id": task_id,
            "origin": self.origin,
            "user_id": self.user_id,
            "session_id": self.session_id,
            "correlation_id": self.correlation_id,
            "data": None if action == "delete" else fields,
            **plain,
        }
        return checked(made)


def checked(made: Mapping[str, object]) -> Event:
    """Return the event of a mapping. Raises `ValueError` that names the field when it breaks the contract `TaskChange`."""
    data = made.get("data")
    unknown = set(data) - set(Fields.__struct_fields__) if isinstance(data, dict) else set()
    if unknown:
        raise ValueError(f"no event has the field {', '.join(sorted(unknown))}")
    try:
        event = msgspec.convert(made, Event)
        value = encode_event(event)
        TaskChange.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if len(value) > MAX_EVENT_BYTES:
        raise ValueError(f"the event has {len(value)} bytes; {MAX_EVENT_BYTES} are allowed")
    return event


def move_task(task_id: str, old: Project, new: Project, branch_id: str, **fields: Unpack[TaskFields]) -> list[Event]:
    """Return the events that move a task to another project: deleted in the old, created in the new, under one correlation id.

    fields: all that the task has, since the new project knows nothing of it. Within one project `update_task` moves it.
    Send the list again as it is when sending failed: nothing counts twice.
    """
    if old.id == new.id:
        raise ValueError("both are the same project: update_task moves a task between its branches")
    plain: AnyFields = {}
    if "at" in fields:
        plain["at"] = fields["at"]
    gone = old.delete_task(task_id, **plain)
    correlation_id = new.correlation_id or old.correlation_id or gone.id
    come = new.create_task(task_id, branch_id, **fields)
    return [msgspec.structs.replace(event, correlation_id=correlation_id) for event in (gone, come)]


def _time(moment: datetime) -> str:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return iso(int(aware.timestamp() * _MS))
