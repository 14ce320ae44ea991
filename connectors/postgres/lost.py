"""Rows that once came from this database and are not in it any more, found without a memory: what `task-state` knows of this origin.

A row remembers the last version of every origin that changed it. One that this origin changed, and that a snapshot of all tables did
not say, was deleted while nobody followed. Pure.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from connectors.board import Change
from connectors.postgres.known import Memory
from connectors.postgres.translate import Fact
from schemas.rows import SubtaskSummary, TaskSummary, Tombstone, decode_memory, decode_row
from schemas.topics import split_key

_KINDS: Final = ("project", "branch", "task", "subtask", "member")
Row = tuple[str, str, str, str]


def lost(rows: Iterable[tuple[bytes, bytes]], origin: str, memory: Memory) -> Iterator[Fact]:
    """Yield the deletes of the rows of an origin that the memory, fresh from a snapshot, does not know; what goes along is not named.

    rows: `task-state`. A row that moved to another project is known there and gone here.
    """
    found = sorted(_of_origin(rows, origin), key=lambda row: _KINDS.index(row[0]))
    gone: set[tuple[str, str, str]] = set()
    members = {(one.project, one.parent) for one in memory.all_of("member")} | {(one.id, one.parent) for one in memory.all_of("project")}
    for kind, project_id, row_id, above in found:
        known = (project_id, row_id) in members if kind == "member" else _is_in(memory, kind, project_id, row_id)
        if known:
            continue
        gone.add((kind, project_id, row_id))
        parent = {"branch": ("project", project_id, project_id), "member": ("project", project_id, project_id)}.get(
            kind, ({"task": "branch", "subtask": "task"}.get(kind, ""), project_id, above)
        )
        if parent not in gone:
            yield Fact(project_id, Change("delete", kind, row_id))  # type: ignore[arg-type]  # one of `_KINDS`


def strangers(rows: Iterable[tuple[bytes, bytes]], origin: str, memory: Memory) -> int:
    """Return how many projects came from an origin when the memory, fresh from a snapshot, knows none of them; else 0.

    They are more likely those of another database that was imported under the same origin than all deleted.
    """
    projects = {project_id for kind, project_id, _, _ in _of_origin(rows, origin) if kind == "project"}
    return 0 if any(memory.get("project", project_id) for project_id in projects) else len(projects)


def _is_in(memory: Memory, kind: str, project_id: str, row_id: str) -> bool:
    row = memory.get(kind, row_id)
    return row is not None and row.project == project_id


def _of_origin(rows: Iterable[tuple[bytes, bytes]], origin: str) -> Iterator[Row]:
    for key, value in rows:
        kind, project_id, row_id = split_key(key)
        if kind in _KINDS and f"{origin}:{project_id}" in decode_memory(value).origins:
            row = decode_row(kind, value)
            if not isinstance(row, Tombstone):
                above = row.branch_id if isinstance(row, TaskSummary) else row.task_id if isinstance(row, SubtaskSummary) else ""
                yield kind, project_id, row_id, above
