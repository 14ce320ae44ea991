"""Which tables and columns hold projects, branches, tasks and what belongs to them: a YAML file, AgentHub's schema by default."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from connectors.postgres.pgoutput import Table
from schemas.failure import UsageFailure
from schemas.words import Source

DEFAULT: Final = Path(__file__).with_name("agenthub.yaml")
Kind = Literal["project", "branch", "task", "subtask"]
FieldName = Literal[
    "name", "title", "status", "priority", "archived", "assignees", "labels", "dependencies", "progress_percentage", "parent_id"
]
Column = Annotated[str, Field(min_length=1, max_length=63)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(_Strict):
    """A table: `name`, or `schema.name`; without a schema it is in `public`. id: the column that names a row, or several."""

    table: Annotated[str, Field(pattern=r"^[^.]+(\.[^.]+)?$")]

    id: Column | tuple[Column, ...] = "id"

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that together name a row."""
        return (self.id,) if isinstance(self.id, str) else self.id

    @property
    def place(self) -> Table:
        """Its schema and name."""
        schema, _, name = self.table.rpartition(".")
        return schema or "public", name


class Entity(Named):
    """A table with a row per project, branch, task or subtask.

    parent: column with the project of a branch, the branch of a task, the task of a subtask. owner: column of a project with the user
    who owns it. time: column with the last change, for the snapshot; changes that come live have the time of their commit.
    fields: our field -> column.
    """

    parent: Column | None = None
    owner: Column | None = None
    time: Column | None = None
    fields: dict[FieldName, Column]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        named = (*self.key, self.parent, self.owner, self.time, *self.fields.values())
        return tuple(dict.fromkeys(name for name in named if name is not None))


class Listed(Named):
    """A table with a row per value of a task's list, for example its assignees."""

    task: Column
    value: Column
    field: Literal["assignees", "labels", "dependencies"]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        return tuple(dict.fromkeys((*self.key, self.task, self.value)))


class Members(Named):
    """A table with a row per member of a project; without a column for the role everybody in it is an editor."""

    project: Column
    user: Column
    role: Column | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        return tuple(dict.fromkeys(name for name in (*self.key, self.project, self.user, self.role) if name is not None))


class Mapping(_Strict):
    """What the file says. origin: the name under which versions are compared. zone: of times without one. words: their word -> ours."""

    origin: Annotated[str, Field(pattern=r"^[a-z0-9._-]{1,40}$")] = "postgres"
    source: Source = "system"
    zone: str = "UTC"
    project: Entity
    branch: Entity
    task: Entity
    subtask: Entity | None = None
    members: Members | None = None
    lists: tuple[Listed, ...] = ()
    words: dict[str, str] = {}

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("it is no time zone such as UTC or Europe/Berlin") from None
        return zone

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for kind in ("branch", "task", "subtask"):
            entity = self.entity(kind)
            if entity is not None and entity.parent is None:
                raise ValueError(f"{kind}.parent is missing: name the column that says where it belongs")
        places = [part.place for part in self.parts]
        if len(set(places)) < len(places):
            raise ValueError("two parts name the same table")
        return self

    def entity(self, kind: Kind) -> Entity | None:
        """Return the table of a kind."""
        found: Entity | None = getattr(self, kind)
        return found

    @property
    def parts(self) -> tuple[Entity | Listed | Members, ...]:
        """Every table, in the order in which a snapshot reads them: what a row needs comes before it."""
        entities = (self.project, self.members, self.branch, *self.lists, self.task, self.subtask)
        return tuple(part for part in entities if part is not None)


def load_mapping(path: Path | None) -> Mapping:
    """Return the mapping of a file, AgentHub's without one. Raises `UsageFailure` that names what is wrong."""
    try:
        return Mapping.model_validate(yaml.safe_load((path or DEFAULT).read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageFailure(f"The mapping {path} cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageFailure(f"The mapping {path} is no YAML: {' '.join(str(error).split())}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageFailure(f"The mapping {path} is wrong: {place}: {first['msg'].removeprefix('Value error, ')}.") from None
