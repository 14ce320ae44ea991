"""What a context belongs to, as the text that its row remembers: `task:<id>` or `branch:<id>`; None stands for the project itself."""

from schemas.rows import ContextUpdate


def home_of(row: ContextUpdate) -> str | None:
    """Return the home of a live context."""
    return home(row.branch_id, row.task_id)


def home(branch_id: str | None, task_id: str | None) -> str | None:
    """Return the home that the ids name; the task speaks first."""
    if task_id:
        return f"task:{task_id}"
    return f"branch:{branch_id}" if branch_id else None


def split_home(text: str) -> tuple[str, str]:
    """Return (kind, id) of what a context belongs to."""
    kind, _, row_id = text.partition(":")
    return kind, row_id
