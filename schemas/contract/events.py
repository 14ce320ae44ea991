"""The event as a producer must write it to `task-changes`. The hot path reads it as `schemas.events.Event`."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from schemas.contract.base import Id, Names, Percentage, Sparse, Title, Word
from schemas.words import ACTIONS, Action, Entity, Source


def canonical_action(action: Any) -> Any:  # noqa: ANN401  because the validator behind it judges what is no name
    """Return the action's own name for an accepted spelling; anything else as it is."""
    return ACTIONS.get(action, action) if isinstance(action, str) else action


def iso_time(text: str) -> str:
    """Return the text if it is an ISO 8601 time in a year that UTC has too. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    try:
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from None
    return text


OccurredAt = Annotated[
    str,
    AfterValidator(iso_time),
    Field(min_length=10, max_length=40, json_schema_extra={"format": "date-time"}, description="ISO 8601; UTC when it names no zone."),
]
Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
OldName = Field(default=None, json_schema_extra={"deprecated": True}, description="An older producer's name for branch_id.")


class ChangeData(Sparse):
    """The payload. create and update carry all fields of the entity, patch only the changed ones, delete none.

    A field that is left out of a patch stays as it is; null, or left out of a create or update, means its default.
    """

    title: Title | None = None
    status: Word | None = None
    priority: Word | None = None
    branch_id: Id | None = None
    task_id: Id | None = None
    parent_id: Id | None = None
    name: Title | None = None
    archived: bool | None = None
    assignees: Names | None = None
    labels: Names | None = None
    dependencies: Names | None = None
    progress_percentage: Percentage | None = None
    level: Word | None = None
    changed: Names | None = None
    version: Number | None = None
    user_id: Id | None = None
    role: Word | None = None
    git_branch_id: Id | None = OldName
    git_branch_name: Id | None = OldName


class TaskChange(Sparse):
    """One change of one entity: a fact on `task-changes`. At most 256 KiB of JSON, nested at most 32 deep, without NaN.

    A new task needs its branch_id, a new subtask its task_id. The entity_id of a project is its project_id.
    """

    id: Id = Field(description="UUIDv7; a repeated id changes nothing.")
    entity: Entity
    action: Annotated[Action, BeforeValidator(canonical_action)]
    project_id: Id = Field(description="Also the key of the record.")
    entity_id: Id
    occurred_at: OccurredAt
    source: Source
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    branch_id: Id | None = None
    task_id: Id | None = None
    origin: Id | None = Field(default=None, description="Where versions count, for example task-master:repo.")
    version: Number | None = Field(default=None, description="Not newer than the origin's last one: the event is dropped as stale.")
    if_stamp: Number | None = Field(default=None, description="Apply only if the row's stamp still equals it.")
    user_id: Id | None = None
    session_id: Id | None = None
    correlation_id: Id | None = None
    data: ChangeData | None = None
    git_branch_id: Id | None = OldName

    @model_validator(mode="after")
    def _is_its_own_project(self) -> Self:
        if self.entity == "project" and self.entity_id != self.project_id:
            raise ValueError("the entity_id of a project is its project_id")
        return self
