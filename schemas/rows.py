"""The rows of `task-state`: the public read model and, under `memory`, what only the worker needs.

Every row carries `stamp`: the offset in `task-changes` of the last event it took in. Same stamp, same content: rows are
last-stamp-wins everywhere. Times are UTC, ISO 8601 with milliseconds and `Z` (24 characters), so they sort as text.
A deleted thing is its `Tombstone`. Rows are written with `encode_row`: fields in order, maps sorted, so bytes are canonical.
`gc=False`: rows hold no cycles, and a worker keeps so many that the collector's walk over them cost a fifth of its time.
"""

from typing import Final

import msgspec
from msgspec import Struct

from schemas.words import DEFAULT_PRIORITY, DEFAULT_STATUS


class Memory(Struct, omit_defaults=True, kw_only=True, gc=False):
    """What a row remembers for the worker; receivers ignore it.

    ids: hashes of the ids of the last 8 events, 14 hex digits each, newest last. origins: last version of each of 64 origins.
    deleted_ms: record time of the delete (tombstones only).
    statuses, priorities: the full breakdowns, only where more names exist than are shown.
    former: ids of the last 4 parents that a moved or deleted row had, newest last.
    """

    ids: str = ""
    origins: dict[str, int] = msgspec.field(default_factory=dict)
    deleted_ms: int = 0
    statuses: dict[str, int] | None = None
    priorities: dict[str, int] | None = None
    former: tuple[str, ...] = ()


class BranchSummary(Struct, kw_only=True, gc=False):
    """Counts of one branch. Each breakdown sums to `total_tasks`; `active_tasks` = total - cancelled - archived."""

    id: str
    project_id: str
    name: str
    total_tasks: int = 0
    completed_tasks: int = 0
    in_progress_tasks: int = 0
    active_tasks: int = 0
    total_subtasks: int = 0
    completed_subtasks: int = 0
    last_activity: str | None = None
    priority_breakdown: dict[str, int] = msgspec.field(default_factory=dict)
    status_breakdown: dict[str, int] = msgspec.field(default_factory=dict)
    archived: bool = False
    digest: int = 0
    stamp: int = -1


class ProjectSummary(Struct, kw_only=True, gc=False):
    """The same over all branches of a project. `degraded` counts its open dead letters."""

    id: str
    name: str
    total_branches: int = 0
    total_tasks: int = 0
    completed_tasks: int = 0
    in_progress_tasks: int = 0
    active_tasks: int = 0
    total_subtasks: int = 0
    completed_subtasks: int = 0
    last_activity: str | None = None
    priority_breakdown: dict[str, int] = msgspec.field(default_factory=dict)
    status_breakdown: dict[str, int] = msgspec.field(default_factory=dict)
    archived: bool = False
    degraded: int = 0
    digest: int = 0
    stamp: int = -1


class Actor(Struct, omit_defaults=True, gc=False):
    """Who changed a row last."""

    source: str
    user_id: str | None = None
    session_id: str | None = None


class TaskSummary(Struct, kw_only=True, gc=False):
    """One task. Subtask counts move with its subtasks."""

    id: str
    project_id: str
    branch_id: str
    title: str = ""
    status: str = DEFAULT_STATUS
    priority: str = DEFAULT_PRIORITY
    assignees: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    parent_id: str | None = None
    progress_percentage: float | None = None
    total_subtasks: int = 0
    completed_subtasks: int = 0
    last_activity: str | None = None
    last_actor: Actor | None = None
    stamp: int = -1


class SubtaskSummary(Struct, kw_only=True, gc=False):
    """One subtask of one task."""

    id: str
    project_id: str
    branch_id: str
    task_id: str
    title: str = ""
    status: str = DEFAULT_STATUS
    assignees: tuple[str, ...] = ()
    progress_percentage: float | None = None
    last_activity: str | None = None
    last_actor: Actor | None = None
    stamp: int = -1


class ContextUpdate(Struct, kw_only=True, gc=False):
    """One context: which keys changed, never their contents. It belongs to a task (in a branch), else to a branch, else to the project."""

    id: str
    project_id: str
    branch_id: str | None = None
    task_id: str | None = None
    level: str = "task"
    version: int = 1
    changed: list[str] = msgspec.field(default_factory=list)
    last_activity: str | None = None
    last_actor: Actor | None = None
    stamp: int = -1


class MemberRow(Struct, kw_only=True, gc=False):
    """One user's role in one project: owner, editor or viewer."""

    id: str
    project_id: str
    user_id: str
    role: str = "viewer"
    stamp: int = -1


class ActivityRow(Struct, kw_only=True, gc=False):
    """Events of one project that were applied, in one minute of event time.

    id: the minute of the week, such as `mon-08:00`: a week later the same row begins anew. minute: its start.
    """

    id: str
    project_id: str
    minute: str
    events: int = 0
    sources: dict[str, int] = msgspec.field(default_factory=dict)
    actions: dict[str, int] = msgspec.field(default_factory=dict)
    stamp: int = -1


class LetterRow(Struct, kw_only=True, gc=False):
    """One open dead letter of a project: a record that could not be applied; `id` is its offset in `task-changes`."""

    id: str
    project_id: str
    stamp: int = -1


class Tombstone(Struct, kw_only=True, gc=False):
    """A deleted thing: it stays a row, so that late events and late readers see the delete."""

    id: str
    project_id: str
    deleted: bool = True
    stamp: int = -1


class OffsetRow(Struct, kw_only=True):
    """How far the rows of a partition go: every event with an offset below `through` is in them. Written last in each step.

    time_ms: record time of the newest event taken in (milliseconds since 1970).
    """

    partition: int
    through: int
    time_ms: int = 0


class EpochRow(Struct, kw_only=True):
    """The life of a partition: written when its topics are created.

    whole: written again later, and every row was written again behind it (the topic's beginning had been deleted).
    """

    partition: int
    epoch: str
    whole: bool = False


Row = BranchSummary | ProjectSummary | TaskSummary | SubtaskSummary | ContextUpdate | MemberRow | ActivityRow | LetterRow | Tombstone
LiveRow = BranchSummary | ProjectSummary | TaskSummary | SubtaskSummary | ContextUpdate | MemberRow | ActivityRow | LetterRow

ROW_TYPES: Final[dict[str, type[LiveRow]]] = {
    "project": ProjectSummary,
    "branch": BranchSummary,
    "task": TaskSummary,
    "subtask": SubtaskSummary,
    "context": ContextUpdate,
    "member": MemberRow,
    "activity": ActivityRow,
    "letter": LetterRow,
}


class _Head(Struct):
    deleted: bool = False


class _Memory(Struct):
    memory: Memory = msgspec.field(default_factory=Memory)


_encode = msgspec.json.Encoder(order="deterministic").encode
_DECODERS: Final = {kind: msgspec.json.Decoder(model).decode for kind, model in ROW_TYPES.items()}
_decode_tombstone = msgspec.json.Decoder(Tombstone).decode
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_memory = msgspec.json.Decoder(_Memory).decode
_DELETED: Final = b'"deleted":true'


def encode_row(row: Row | OffsetRow | EpochRow) -> bytes:
    """Return the public JSON of a row, canonical: the same content always gives the same bytes."""
    return _encode(row)


def with_memory(public: bytes, memory: Memory) -> bytes:
    """Return the value for `task-state`: the public JSON with the worker's memory spliced in as its last field."""
    return b'%b,"memory":%b}' % (public[:-1], _encode(memory))


def decode_row(kind: str, value: bytes) -> Row:
    """Return the public row of a `task-state` value or a frame's row. Raises `msgspec.DecodeError`, `KeyError` (kind)."""
    if _DELETED in value and _decode_head(value).deleted:
        return _decode_tombstone(value)
    return _DECODERS[kind](value)


def decode_memory(value: bytes) -> Memory:
    """Return what a `task-state` value remembers for the worker."""
    return _decode_memory(value).memory
