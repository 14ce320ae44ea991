"""The tables that analysts read: names, types and meanings of their columns, in one list for SQL, exports, HTTP views and docs.

The names of `branches` are those of the original's `branch_summaries` view.
"""

from typing import Any, Final, Literal, NamedTuple

from msgspec import UNSET, Struct

Type = Literal["text", "integer", "number", "boolean", "time", "counts", "list", "json"]
"""time: UTC with milliseconds. counts: whole numbers by name. list: texts. json: any JSON, as text."""


class Column(NamedTuple):
    """field: where the value is in the row, dotted inside nested ones; "" = as the column is called."""

    name: str
    type: Type
    meaning: str
    field: str = ""


class Table(NamedTuple):
    """kind: of the rows in `task-state` that fill it; "" for the events, which come from `task-changes`. key: unique together."""

    name: str
    kind: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_STAMP: Final = Column("stamp", "integer", "offset in `task-changes` of the last event the row took in")
_ACTIVITY: Final = Column("last_activity", "time", "time of the newest event")
_COUNTS: Final = (
    Column("total_tasks", "integer", "tasks that are not deleted"),
    Column("completed_tasks", "integer", "tasks whose status is done"),
    Column("in_progress_tasks", "integer", "tasks whose status is in_progress"),
    Column("active_tasks", "integer", "tasks that are neither cancelled nor archived"),
    Column("total_subtasks", "integer", "subtasks of these tasks"),
    Column("completed_subtasks", "integer", "subtasks whose status is done"),
    _ACTIVITY,
    Column("priority_breakdown", "counts", "tasks by priority; sums to total_tasks"),
    Column("status_breakdown", "counts", "tasks by status; sums to total_tasks"),
    Column("archived", "boolean", "whether it is archived"),
)
_ACTOR: Final = (
    _ACTIVITY,
    Column("last_source", "text", "who changed it last: mcp-ai, user or system", "last_actor.source"),
    Column("last_user_id", "text", "the user of the last change", "last_actor.user_id"),
    Column("last_session_id", "text", "the agent's session of the last change", "last_actor.session_id"),
)

PROJECTS: Final = Table(
    "projects",
    "project",
    "One row a project.",
    ("project_id",),
    (
        Column("project_id", "text", "id of the project", "id"),
        Column("name", "text", "name of the project"),
        Column("total_branches", "integer", "branches that are not deleted"),
        *_COUNTS,
        Column("degraded", "integer", "open dead letters: events that could not be applied"),
        _STAMP,
    ),
)
BRANCHES: Final = Table(
    "branches",
    "branch",
    "One row a branch.",
    ("project_id", "branch_id"),
    (
        Column("branch_id", "text", "id of the branch", "id"),
        Column("project_id", "text", "its project"),
        Column("name", "text", "name of the branch"),
        *_COUNTS,
        _STAMP,
    ),
)
TASKS: Final = Table(
    "tasks",
    "task",
    "One row a task.",
    ("project_id", "task_id"),
    (
        Column("task_id", "text", "id of the task", "id"),
        Column("branch_id", "text", "its branch"),
        Column("project_id", "text", "its project"),
        Column("title", "text", "title"),
        Column("status", "text", "status"),
        Column("priority", "text", "priority"),
        Column("assignees", "list", "who works on it"),
        Column("labels", "list", "labels"),
        Column("dependencies", "list", "ids of the tasks it waits for"),
        Column("parent_id", "text", "the task it is part of"),
        Column("progress_percentage", "number", "progress as reported, 0 to 100; says nothing of the status"),
        Column("total_subtasks", "integer", "its subtasks"),
        Column("completed_subtasks", "integer", "its subtasks whose status is done"),
        *_ACTOR,
        _STAMP,
    ),
)
SUBTASKS: Final = Table(
    "subtasks",
    "subtask",
    "One row a subtask.",
    ("project_id", "subtask_id"),
    (
        Column("subtask_id", "text", "id of the subtask", "id"),
        Column("task_id", "text", "its task"),
        Column("branch_id", "text", "its task's branch"),
        Column("project_id", "text", "its project"),
        Column("title", "text", "title"),
        Column("status", "text", "status"),
        Column("assignees", "list", "who works on it"),
        Column("progress_percentage", "number", "progress as reported, 0 to 100"),
        *_ACTOR,
        _STAMP,
    ),
)
ACTIVITY: Final = Table(
    "activity",
    "activity",
    "One row a project and minute in which something happened, by the time of the events.",
    ("project_id", "minute"),
    (
        Column("project_id", "text", "the project"),
        Column("minute", "time", "start of the minute; a row is kept for a week"),
        Column("events", "integer", "events in this minute"),
        Column("sources", "counts", "events by source"),
        Column("actions", "counts", "events by action"),
        _STAMP,
    ),
)
EVENTS: Final = Table(
    "events",
    "",
    "One row a record of `task-changes`, as it was sent.",
    ("partition", "offset"),
    (
        Column("partition", "integer", "partition of `task-changes`"),
        Column("offset", "integer", "offset in it; a row's stamp is one of these"),
        Column("appended_at", "time", "when Kafka took it"),
        Column("event_id", "text", "id of the event", "id"),
        Column("entity", "text", "project, branch, task, subtask, context or member"),
        Column("action", "text", "what happened"),
        Column("project_id", "text", "the project"),
        Column("branch_id", "text", "the branch, if it names one"),
        Column("task_id", "text", "the task of a subtask"),
        Column("entity_id", "text", "id of what changed"),
        Column("occurred_at", "time", "when it happened"),
        Column("source", "text", "mcp-ai, user or system"),
        Column("user_id", "text", "the user"),
        Column("session_id", "text", "the agent's session"),
        Column("correlation_id", "text", "links what belongs together"),
        Column("status", "text", "the new status, if it names one", "data.status"),
        Column("priority", "text", "the new priority, if it names one", "data.priority"),
        Column("title", "text", "the new title, if it names one", "data.title"),
        Column("data", "json", "the whole payload"),
    ),
)
SESSION_WORK: Final = Table(
    "session_work",
    "",
    "A view of SQL and exports to DuckDB: one row a session, source and day with the net effect on tasks, as the events say it.",
    ("project_id", "session_id", "source", "day"),
    (
        Column("project_id", "text", "the project"),
        Column("session_id", "text", "the agent's session"),
        Column("source", "text", "mcp-ai, user or system"),
        Column("day", "time", "the day (UTC) of its events"),
        Column("began", "time", "its first event of the day"),
        Column("ended", "time", "its last event of the day"),
        Column("events", "integer", "its events about tasks on that day"),
        Column("tasks", "integer", "different tasks that they name"),
        Column("created", "integer", "tasks that were not there before and are after"),
        Column("completed", "integer", "tasks that are done after and were not before"),
        Column("reopened", "integer", "tasks that were done before and are there and not done after"),
        Column("deleted", "integer", "tasks that were there before and are not after"),
        Column("unchanged", "integer", "tasks whose status is after what it was before"),
    ),
)
POSITIONS: Final = Table(
    "positions",
    "",
    "SQL and exports to DuckDB: how much of the log all tables include.",
    ("partition",),
    (
        Column("partition", "integer", "partition of `task-changes`"),
        Column("through", "integer", "every event with an offset below it is in the tables"),
    ),
)
TABLES: Final = (PROJECTS, BRANCHES, TASKS, SUBTASKS, ACTIVITY, EVENTS)
DICTIONARY: Final = (*TABLES, SESSION_WORK, POSITIONS)
"""All that analysts may read by SQL. `branch_summaries` is `branches` under the original's name."""
ROW_TABLES: Final = {table.kind: table for table in TABLES if table.kind}


def value_of(column: Column, row: Struct) -> Any:  # noqa: ANN401  because each column has its type
    """Return what a row or event holds for a column, as the row spells it (times are text); None where it has nothing."""
    value: Any = row
    for name in (column.field or column.name).split("."):
        value = getattr(value, name, None)
    return None if value is UNSET else value
