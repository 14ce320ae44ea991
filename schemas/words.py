"""The closed vocabularies of the system and the aliases that producers may use for them."""

from typing import Final, Literal

Entity = Literal["project", "branch", "task", "subtask", "context", "member"]
Action = Literal["create", "update", "patch", "delete"]
Source = Literal["mcp-ai", "user", "system"]

ENTITIES: Final[tuple[Entity, ...]] = ("project", "branch", "task", "subtask", "context", "member")
SOURCES: Final[tuple[Source, ...]] = ("mcp-ai", "user", "system")

STATUSES: Final = ("todo", "in_progress", "blocked", "review", "testing", "done", "cancelled", "archived")
PRIORITIES: Final = ("low", "medium", "high", "urgent", "critical")
DEFAULT_STATUS: Final = "todo"
DEFAULT_PRIORITY: Final = "medium"
COMPLETED: Final = "done"
IN_PROGRESS: Final = "in_progress"
CANCELLED: Final = "cancelled"
ARCHIVED: Final = "archived"
INACTIVE: Final = frozenset({CANCELLED, ARCHIVED})
"""Statuses that leave `active_tasks`: they count in the total only."""

BREAKDOWN_NAMES: Final = 16
"""A breakdown shows this many names and folds the rest into `other`, so it always sums to the total."""
OTHER: Final = "other"
KNOWN_WORDS: Final = frozenset({*STATUSES, *PRIORITIES})
MAX_WORDS: Final = 1000
"""A project's tasks may have so many statuses, and so many priorities, at a time: all of them stand in its row, which must stay short
enough to be written."""

ACTIONS: Final[dict[str, Action]] = {
    "create": "create",
    "created": "create",
    "update": "update",
    "updated": "update",
    "patch": "patch",
    "patched": "patch",
    "completed": "patch",
    "delete": "delete",
    "deleted": "delete",
}
"""Accepted spellings of an action. `completed` is a patch that sets the status to `done`."""
