"""From rows of the database to changes of projects. Pure but for the memory that it is given.

A row's project is found through its parents. When a parent moves to another project, all below it moves along: the log keeps a project
in one partition, so it is deleted there and created here. A row whose parent is not known waits in the memory until it is.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from connectors.board import Change, bounded
from connectors.postgres.known import Known, Memory
from connectors.postgres.mapping import Entity, Kind, Listed, Mapping, Members
from connectors.postgres.pgoutput import Row, RowChange, Table, Truncate
from connectors.postgres.values import fields_of, text_of
from schemas.events import Fields

_PARENT: Final[dict[str, Kind]] = {"branch": "project", "task": "branch", "subtask": "task"}
_CHILD: Final[dict[str, Kind]] = {"project": "branch", "branch": "task", "task": "subtask"}
_OWNER: Final = "owner"
_EDITOR: Final = "editor"


class Fact(NamedTuple):
    """A change and the project it is for."""

    project_id: str
    change: Change


class Translator:
    """Takes row after row, in the order of the database's log.

    afresh: every row is stated as if it were new, whatever is remembered of it: a snapshot may repeat one that was cut off.
    """

    afresh = False

    def __init__(self, mapping: Mapping, memory: Memory) -> None:
        self._mapping = mapping
        self._memory = memory
        self._entities: dict[Table, tuple[Kind, Entity]] = {}
        self._others: dict[Table, Listed | Members] = {}
        self._touched: dict[str, None] = {}
        kinds: tuple[Kind, ...] = ("project", "branch", "task", "subtask")
        for kind in kinds:
            if (entity := mapping.entity(kind)) is not None:
                self._entities[entity.place] = kind, entity
        self._others.update((part.place, part) for part in mapping.lists)
        if mapping.members is not None:
            self._others[mapping.members.place] = mapping.members

    def take(self, change: RowChange) -> list[Fact]:
        """Return what a change of a row means. Changes of lists come out of `rest`."""
        if change.table in self._entities:
            kind, entity = self._entities[change.table]
            return [*self._entity(kind, entity, change)]
        part = self._others.get(change.table)
        if isinstance(part, Listed):
            self._list(part, change)
        return [] if part is None or isinstance(part, Listed) else [*self._member(part, change)]

    def rest(self) -> list[Fact]:
        """Return the tasks whose lists changed since the last call, each once: called where a transaction ends."""
        touched, self._touched = self._touched, {}
        rows = [row for task_id in touched if (row := self._memory.get("task", task_id)) is not None and row.project]
        return [self._fact("update", row) for row in rows]

    def empty(self, truncate: Truncate) -> list[Fact]:
        """Return what the emptying of tables means."""
        return [fact for table in truncate.tables for kind in self._kinds(table) for fact in self._all_gone(kind, unseen=False)]

    def sweep(self) -> list[Fact]:
        """Return the deletes of all that a snapshot did not see."""
        kinds = ("subtask", "task", "branch", "member", "project")
        lists = (part.field for part in self._mapping.lists)
        return [fact for kind in (*kinds, *lists) for fact in self._all_gone(kind, unseen=True)]

    def _kinds(self, table: Table) -> list[str]:
        if table in self._entities:
            return [self._entities[table][0]]
        part = self._others.get(table)
        return [] if part is None else [part.field if isinstance(part, Listed) else "member"]

    def _all_gone(self, kind: str, *, unseen: bool) -> Iterator[Fact]:
        for row_id in list(self._memory.ids(kind, unseen=unseen)):
            if kind in {"project", "branch", "task", "subtask", "member"}:
                yield from self._gone(kind, row_id)
            else:
                self._unlist(kind, row_id)

    def _entity(self, kind: Kind, entity: Entity, change: RowChange) -> Iterator[Fact]:
        old_id, new_id = _id(change.old, entity.key), _id(change.new, entity.key)
        if old_id is not None and old_id != new_id:
            yield from self._gone(kind, old_id)
        if new_id is not None:
            yield from self._there(kind, entity, new_id, change.new)

    def _there(self, kind: Kind, entity: Entity, row_id: str, row: Row) -> Iterator[Fact]:
        before = self._memory.get(kind, row_id)
        data = fields_of(row, entity.fields, self._mapping.words, None if before is None else before.data)
        parent = bounded(text_of(row, entity.owner if kind == "project" else entity.parent) or "")
        now = Known(kind, row_id, parent, row_id if kind == "project" else self._project_of(kind, parent), data)
        self._memory.put(now)
        if before is not None and before.project == now.project and self.afresh:
            yield from self._stated(now, "create", before)
        elif before is not None and before.project == now.project:
            if kind in {"task", "subtask"} or before != now:
                moved = kind != "project" and before.parent != now.parent
                yield from self._stated(now, "move" if moved else "update", before)
        else:
            if before is not None and before.project:
                yield self._fact("delete", before)
            yield from self._appears(now)

    def _project_of(self, kind: Kind, parent: str) -> str:
        """Return the project of a row by its parent, "" when the parent is not known."""
        above = self._memory.get(_PARENT[kind], parent)
        return "" if above is None else above.project

    def _appears(self, row: Known) -> Iterator[Fact]:
        """Yield the creates of a row that came into its project, and of all below it."""
        if not row.project:
            return
        yield from self._stated(row, "create", None)
        child = _CHILD.get(row.kind)
        for below in [] if child is None else self._memory.below(child, row.id):
            if below.project != row.project:
                moved = msgspec.structs.replace(below, project=row.project)
                self._memory.put(moved)
                yield from self._appears(moved)

    def _stated(self, row: Known, kind: str, before: Known | None) -> Iterator[Fact]:
        if not row.project:
            return
        yield self._fact(kind, row)
        former = None if before is None else before.parent
        if row.kind == "project" and (row.parent != former or self.afresh):
            if former and row.parent != former:
                yield Fact(row.project, Change("delete", "member", former))
            if row.parent:
                yield _member_fact(row.project, row.parent, _OWNER)

    def _gone(self, kind: str, row_id: str) -> Iterator[Fact]:
        """Yield the delete of a row, unless all above it is gone already: then it went along."""
        row = self._memory.get(kind, row_id)
        if row is None:
            return
        self._memory.drop(kind, row_id)
        above = _PARENT.get(kind)
        if row.project and (above is None or self._memory.get(above, row.parent) is not None):
            yield Fact(row.project, Change("delete", "member", row.parent)) if kind == "member" else self._fact("delete", row)

    def _fact(self, kind: str, row: Known) -> Fact:
        change = {
            "kind": kind,
            "entity": row.kind,
            "id": row.id,
            "branch_id": {"branch": row.id, "task": row.parent}.get(row.kind),
            "task_id": row.parent if row.kind == "subtask" else None,
        }
        made = msgspec.convert(change, Change)
        return Fact(row.project, made if kind == "delete" else msgspec.structs.replace(made, data=self._data(row)))

    def _data(self, row: Known) -> Fields:
        if row.kind != "task":
            return row.data
        lists = {part.field: [one.data.name for one in self._memory.below(part.field, row.id)] for part in self._mapping.lists}
        return msgspec.structs.replace(row.data, **lists)

    def _list(self, part: Listed, change: RowChange) -> None:
        old_id, new_id = _id(change.old, part.key), _id(change.new, part.key)
        if old_id is not None and old_id != new_id:
            self._unlist(part.field, old_id)
        if new_id is not None:
            task_id, value = bounded(text_of(change.new, part.task) or ""), bounded(text_of(change.new, part.value) or "")
            before = self._memory.get(part.field, new_id)
            self._memory.put(Known(part.field, new_id, task_id, "", Fields(name=value)))
            self._touched.update(dict.fromkeys([task_id] if before is None else [before.parent, task_id]))

    def _unlist(self, field: str, row_id: str) -> None:
        row = self._memory.get(field, row_id)
        if row is not None:
            self._memory.drop(field, row_id)
            self._touched[row.parent] = None

    def _member(self, part: Members, change: RowChange) -> Iterator[Fact]:
        """Members are known by their row's id: a delete names nothing else. Their parent is the user."""
        old_id, new_id = _id(change.old, part.key), _id(change.new, part.key)
        if old_id is not None and old_id != new_id:
            yield from self._gone("member", old_id)
        if new_id is not None:
            user, project = bounded(text_of(change.new, part.user) or ""), bounded(text_of(change.new, part.project) or "")
            role = text_of(change.new, part.role) or _EDITOR
            before = self._memory.get("member", new_id)
            if before is not None and (before.parent, before.project) != (user, project):
                yield Fact(before.project, Change("delete", "member", before.parent))
            self._memory.put(Known("member", new_id, user, project, Fields(role=role)))
            yield _member_fact(project, user, self._mapping.words.get(role, role))


def _member_fact(project_id: str, user_id: str, role: str) -> Fact:
    return Fact(project_id, Change("create", "member", user_id, data=Fields(user_id=user_id, role=role)))


def _id(row: Row, key: tuple[str, ...]) -> str | None:
    found = [text_of(row, column) for column in key]
    return bounded("/".join(part for part in found if part)) if all(found) else None
