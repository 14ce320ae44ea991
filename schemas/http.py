"""The bodies of the HTTP calls: the public contract of requests, and what answers look like."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.topics import MAX_ID_CHARS


class PlaceModel(BaseModel):
    """A place in `task-changes`: all events of the partition below `offset`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    partition: int = Field(ge=0, le=1_000_000)
    offset: int = Field(ge=0)


class BulkRequest(BaseModel):
    """All summaries of the caller's projects, or of those named. `min_position`: answer only from there on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    project_ids: list[str] | None = Field(default=None, max_length=10_000)
    user_id: str | None = Field(default=None, max_length=MAX_ID_CHARS)
    include_archived: bool = False
    force_refresh: bool = False
    min_position: PlaceModel | list[PlaceModel] | None = None
    known_cache_key: str | None = Field(default=None, max_length=200)


class StreamPosition(BaseModel):
    """Where a project's answer stands: `epoch` and `sequence` are what a subscription's `since` takes."""

    epoch: str
    sequence: int
    position: PlaceModel


class BulkMetadata(BaseModel):
    """About a bulk answer. degraded: projects with open dead letters. generated_ms: when its rows were encoded (ms since 1970)."""

    positions: dict[str, StreamPosition]
    degraded: list[str]
    cached: bool
    generated_ms: int


class BulkAnswer(BaseModel):
    """The bulk call's answer. Rows: `schemas.rows.BranchSummary` and `ProjectSummary`."""

    summaries: dict[str, dict[str, Any]]
    projects: dict[str, dict[str, Any]]
    metadata: BulkMetadata
    cache_key: str
    timestamp: str


class LegacyProjectAnswer(BaseModel):
    """One project's summaries, as version 1 gives them. Rows as in the bulk call, ordered by id."""

    project: dict[str, Any]
    branches: list[dict[str, Any]]
    total_branches: int
    positions: dict[str, StreamPosition]


class LegacyBranchAnswer(BaseModel):
    """One branch's summary, as version 1 gives it."""

    branch: dict[str, Any]
    positions: dict[str, StreamPosition]


class TasksAnswer(BaseModel):
    """A page of tasks (`schemas.rows.TaskSummary`), ordered by id. next: the `after` of the next page, null at the end."""

    tasks: list[dict[str, Any]]
    next: str | None
    positions: dict[str, StreamPosition]


class FoundAnswer(BaseModel):
    """Tasks (`schemas.rows.TaskSummary`) of all projects with the words in their title, by project. more: there may be others."""

    tasks: list[dict[str, Any]]
    more: bool


class RecentAnswer(BaseModel):
    """The tasks (`schemas.rows.TaskSummary`) that changed last, newest first.

    activity: by project the minutes (`schemas.rows.ActivityRow`) of the last hour in which something happened.
    """

    tasks: list[dict[str, Any]]
    activity: dict[str, list[dict[str, Any]]]


class ViewAnswer(BaseModel):
    """A page of a view (`schemas.tables`). next: the `after` of the next page, null at the end."""

    view: str
    columns: list[str]
    rows: list[dict[str, Any]]
    next: str | None
    positions: list[PlaceModel]


class TakenChange(BaseModel):
    """One change that is in the log. outcome, error: the worker's decision (applied, rejected, duplicate), where it was waited for."""

    id: str
    correlation_id: str
    position: PlaceModel
    outcome: str | None = None
    error: str | None = None


class ChangesAnswer(BaseModel):
    """All changes of a call; `positions` has one place per partition and is what `min_position` takes."""

    changes: list[TakenChange]
    positions: list[PlaceModel]


class LoginRequest(BaseModel):
    """Exchange of a one-time code for a token."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str = Field(min_length=1, max_length=200)


class LoginAnswer(BaseModel):
    """A token and when it ends (UTC, ISO 8601)."""

    token: str
    expires_at: str
    user: str


class CodeRequest(BaseModel):
    """Private: make a one-time login code for a user. ttl_s: life of the token that it gives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = Field(min_length=1, max_length=MAX_ID_CHARS)
    projects: list[str] = Field(default_factory=lambda: ["*"])
    ttl_s: int = Field(default=12 * 3600, ge=1, le=31 * 24 * 3600)


class CodeAnswer(BaseModel):
    """The code, the link that carries it, and when it ends if nobody uses it."""

    code: str
    login_url: str
    expires_at: str


class ChangedBy(BaseModel):
    """Who changed a row."""

    source: str
    user_id: str | None = None
    session_id: str | None = None


class NetModel(BaseModel):
    """Rows of one kind by what became of them in the end. `changed`: none of the others; `unchanged`: named, and as before."""

    created: int
    completed: int
    reopened: int
    moved: int
    deleted: int
    changed: int
    unchanged: int


class ReceiptRow(BaseModel):
    """A row that the session changed: its content before, after and now (null: not there), and how it would be taken back.

    undo: create, patch or delete; null where nothing is to do, or `left` says why it is left alone.
    """

    project_id: str
    entity: str
    id: str
    title: str
    effects: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    now: dict[str, Any] | None
    undo: str | None
    left: str | None
    changed_by: list[ChangedBy]


class ReceiptAnswer(BaseModel):
    """The net effect of one session. summary: it in one line. complete: whether the log reaches back to before it everywhere.

    rows: the first of them, `more` says whether there are others; `net` counts all, by kind. undo: the inverse as changes that
    `POST /api/v2/changes` takes, each conditional; at most as many as one call takes.
    """

    session_id: str
    summary: str
    began: str
    ended: str
    seconds: float | None
    events: int
    projects: list[str]
    net: dict[str, NetModel]
    rows: list[ReceiptRow]
    more: bool
    complete: bool
    undo: list[dict[str, Any]]
    left: int


class BurnDownPoint(BaseModel):
    """Counts at the end of an hour or day of event time (`at`, UTC) in which something changed. open: not done, cancelled, archived."""

    at: str
    total: int
    completed: int
    in_progress: int
    open: int


class BurnDownAnswer(BaseModel):
    """How the tasks of a branch, or of a whole project, came to be as they are. complete: whether the log is there from its start."""

    project_id: str
    branch_id: str | None
    by: str
    points: list[BurnDownPoint]
    complete: bool


class UndoneAnswer(BaseModel):
    """What an undo came to. undone: rows that are as they were before the session by it. left: those that are not, and why.

    receipt: of the session, as it is now. positions: what `min_position` takes.
    """

    undone: int
    left: list[ReceiptRow]
    receipt: ReceiptAnswer
    positions: list[PlaceModel]
