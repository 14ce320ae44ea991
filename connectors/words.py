"""How other tools' words become ours. Pure; the tables are what docs/reference/mapping.md shows."""

from typing import Final

TASK_MASTER_STATUS: Final = {
    "pending": "todo",
    "todo": "todo",
    "open": "todo",
    "in-progress": "in_progress",
    "in_progress": "in_progress",
    "blocked": "blocked",
    "review": "review",
    "done": "done",
    "completed": "done",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
BEADS_STATUS: Final = {
    "open": "todo",
    "in_progress": "in_progress",
    "blocked": "blocked",
    "closed": "done",
    "done": "done",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
BEADS_PRIORITY: Final = ("critical", "high", "medium", "low", "low")
BEADS_DEAD: Final = "tombstone"
MAX_WORD_CHARS: Final = 40


def word(value: object, table: dict[str, str], default: str) -> str:
    """Return our word for another tool's; a word that the table does not know keeps its own name (at most 40 characters)."""
    if not isinstance(value, str) or not value.strip():
        return default
    own = value.strip()[:MAX_WORD_CHARS]
    return table.get(own.lower(), own)


def beads_priority(value: object) -> str | None:
    """Return our priority for 0..4; another value keeps its own name, none means the default."""
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    if isinstance(value, int) and 0 <= value < len(BEADS_PRIORITY):
        return BEADS_PRIORITY[value]
    return str(value)[:MAX_WORD_CHARS]


def texts(value: object, limit: int) -> list[str]:
    """Return the texts of a list, at most `limit`, each once, in order; anything else is an empty list."""
    if not isinstance(value, list):
        return []
    return list(dict.fromkeys(text for text in value if isinstance(text, str) and text))[:limit]
