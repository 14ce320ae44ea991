"""Open dead letters: a row for each, counted in its project as `degraded` until it is replayed or dropped."""

from typing import Final, cast

from schemas.events import Event
from schemas.rows import LetterRow, LiveRow, Memory, ProjectSummary
from schemas.topics import row_key
from streams.domain.apply import apply
from streams.domain.apply_branch import copy_of
from streams.domain.fold import Applied, Fold
from streams.domain.node import Node
from streams.domain.records import Record
from streams.domain.revival import Drop
from streams.domain.settle import Settlement

_NO_MEMORY: Final = Memory()


class Letters:
    """The dead letters of one step. A record belongs to the project that its key names."""

    __slots__ = ("_fold",)

    def __init__(self, fold: Fold) -> None:
        self._fold = fold

    def open(self, record: Record) -> LiveRow | None:
        """Open the letter of a poison record; returns its project's row as it was, None where there is no live project to count in."""
        fold, project_id = self._fold, _project_of(record)
        scope = fold.scope(project_id)
        node = fold.find(scope.key)
        if node is None or node.deleted:
            return None
        key = _key(project_id, record.offset)
        fold.put(key, LetterRow(id=str(record.offset), project_id=project_id, stamp=record.offset), _NO_MEMORY)
        fold.link(scope.key, key)
        return self._count(scope.key, 1)

    def close(self, record: Record, offset: int) -> LiveRow | None:
        """Close a letter; returns its project's row as it was, None where no such letter is open."""
        fold, project_id = self._fold, _project_of(record)
        key = _key(project_id, offset)
        node = fold.get(key)
        if node is None or node.deleted:
            return None
        fold.bury(key, node.row, node.memory, None)
        return self._count(fold.scope(project_id).key, -1)

    def apply(self, event: Event, settles: Settlement) -> Applied | Drop:
        """Apply the event of a letter as if it had come when it was written: not over a row that has changed since."""
        node = self._fold.find(self._fold.scope(event.project_id).key_of(event.entity, event.entity_id))
        return "stale" if node is not None and node.row.stamp > settles.offset else apply(self._fold, event)

    def touch(self, record: Record, settled: int | None) -> None:
        """Take the rows of a replayed record's letters into the step again: the one it opened, the one it settled."""
        for offset in (record.offset, settled):
            if offset is not None:
                self._fold.touch(_key(_project_of(record), offset))

    def _count(self, key: bytes, change: int) -> LiveRow | None:
        node = cast(Node, self._fold.touch(key))
        row = cast(ProjectSummary, node.row)
        before = copy_of(node)
        row.degraded += change
        row.stamp = self._fold.offset
        node.public = None
        return before


def letter_event(record: Record, partition: int) -> Event:
    """Return what a dead letter means for its project, as an event of the system."""
    project_id = _project_of(record)
    return Event(
        id=f"{partition}-{record.offset}",
        entity="project",
        action="update",
        project_id=project_id,
        entity_id=project_id,
        occurred_at="",
        source="system",
    )


def _project_of(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")


def _key(project_id: str, offset: int) -> bytes:
    return row_key("letter", project_id, str(offset))
