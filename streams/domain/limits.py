"""How long the parts of an event may be: what the public contract promises, checked again, because a worker must not die of a record."""

from typing import Final

from schemas.contract.base import MAX_NAMES, MAX_TITLE_CHARS, MAX_WORD_CHARS
from schemas.events import Event, Fields
from schemas.topics import MAX_ID_CHARS

_MAX_INTEGER: Final = 2**63 - 1


def broken_limit(event: Event) -> str | None:
    """Return which limit the event breaks, or None. Expects the branch and task in their canonical fields."""
    ids = (
        event.id,
        event.entity_id,
        event.project_id,
        event.branch_id or "",
        event.task_id or "",
        event.origin or "",
        event.user_id or "",
        event.session_id or "",
        event.correlation_id or "",
    )
    if len(max(ids, key=len)) > MAX_ID_CHARS:
        return f"an id is longer than {MAX_ID_CHARS} characters"
    if event.version is not None and abs(event.version) > _MAX_INTEGER:
        return "the version is larger than 64 bits"
    return None if event.data is None else _broken_in(event.data)


def _broken_in(data: Fields) -> str | None:
    words = (data.status or "", data.priority or "", data.level or "", data.role or "")
    if len(max(words, key=len)) > MAX_WORD_CHARS:
        return f"a status, priority, level or role is longer than {MAX_WORD_CHARS} characters"
    if len(data.title or data.name or "") > MAX_TITLE_CHARS or len(data.name or data.title or "") > MAX_TITLE_CHARS:
        return f"a title or name is longer than {MAX_TITLE_CHARS} characters"
    if max(len(data.parent_id or ""), len(data.user_id or ""), len(data.git_branch_name or "")) > MAX_ID_CHARS:
        return f"an id is longer than {MAX_ID_CHARS} characters"
    if data.version and abs(data.version) > _MAX_INTEGER:
        return "the version is larger than 64 bits"
    return _broken_list(data)


def _broken_list(data: Fields) -> str | None:
    for names in (data.assignees, data.labels, data.dependencies, data.changed):
        if names and (len(names) > MAX_NAMES or len(max(names, key=len)) > MAX_ID_CHARS):
            return f"a list has more than {MAX_NAMES} entries, or one of them more than {MAX_ID_CHARS} characters"
    return None
