"""The edge's copy of the rows it answers from: public JSON bytes and a small index. The last stamp wins, whatever the way in."""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from api.members import MemberRow, Members
from api.protocol.access import Standing

KINDS: Final = frozenset({"project", "branch", "task", "activity"})
MEMBER: Final = "member"
_MEMORY: Final = b',"memory":{'
_NONE: Final = -1


class Entry(Struct):
    """One row. data: its public JSON. A deleted one keeps its stamp, so that nothing older brings it back."""

    data: bytes
    id: str
    stamp: int
    deleted: bool = False
    archived: bool = False
    branch_id: str = ""
    status: str = ""
    priority: str = ""
    title: str = ""
    digest: int = 0
    degraded: int = 0
    project_id: str = ""


class _Head(Struct):
    id: str
    stamp: int
    project_id: str = ""
    deleted: bool = False
    archived: bool = False
    branch_id: str | None = None
    status: str = ""
    priority: str = ""
    title: str = ""
    digest: int = 0
    degraded: int = 0


class ProjectRows:
    """All rows of one project. version: changes with every summary. mended: how often its rows had to be read again."""

    __slots__ = ("activity", "branches", "mended", "order", "project", "tasks", "version")

    def __init__(self) -> None:
        self.project: Entry | None = None
        self.branches: dict[str, Entry] = {}
        self.tasks: dict[str, Entry] = {}
        self.activity: dict[str, Entry] = {}
        self.order: list[str] | None = None
        self.version = 0
        self.mended = 0

    def table(self, kind: str) -> dict[str, Entry]:
        """Return the rows of a kind that has many of them. Raises `KeyError`."""
        return {"branch": self.branches, "task": self.tasks, "activity": self.activity}[kind]

    def sorted_tasks(self) -> list[str]:
        """Return all task ids in order, deleted ones too."""
        if self.order is None:
            self.order = sorted(self.tasks)
        return self.order


_decode = msgspec.json.Decoder(_Head).decode
_decode_member = msgspec.json.Decoder(MemberRow).decode


def public(value: bytes) -> bytes:
    """Return a `task-state` value without what only the worker needs: its last field `memory`.

    `,"memory":{` cannot stand inside a string (its quotes would be escaped), and no other field has that name and an object.
    """
    cut = value.find(_MEMORY)
    return value if cut == _NONE else value[:cut] + b"}"


def read(data: bytes) -> Entry:
    """Return the entry of a public row. Raises `msgspec.DecodeError`."""
    head = _decode(data)
    return Entry(
        data=data,
        id=head.id,
        stamp=head.stamp,
        deleted=head.deleted,
        archived=head.archived,
        branch_id=head.branch_id or "",
        status=head.status,
        priority=head.priority,
        title=head.title,
        digest=head.digest,
        degraded=head.degraded,
        project_id=head.project_id,
    )


class Replica:
    """Rows by project. Implements `api.protocol.snapshot.Summaries` and `api.protocol.access.Members`."""

    def __init__(self) -> None:
        self._projects: dict[str, ProjectRows] = {}
        self.members = Members()
        self.rows = 0

    # Taking rows in

    def put(self, kind: str, project_id: str, entry: Entry) -> bool:
        """Take a row in unless it is known or older; returns whether a project came into being by it."""
        if kind not in KINDS:
            return False
        rows = self._projects.get(project_id)
        if rows is None:
            rows = self._projects[project_id] = ProjectRows()
        if kind == "project":
            return self._put_project(rows, entry)
        table = rows.table(kind)
        known = table.get(entry.id)
        if known is not None and known.stamp >= entry.stamp:
            return False
        if known is None:
            self.rows += 1
            rows.order = None if kind == "task" else rows.order
        table[entry.id] = _under(entry, self._tombstone(rows, kind, entry))
        if kind == "branch":
            rows.version += 1
            if entry.deleted:
                _drop(rows.tasks, entry, entry.id)
        return False

    def put_member(self, project_id: str, data: bytes) -> set[str]:
        """Take the row of a member in; returns the users of whom it says something new. Raises `msgspec.DecodeError`."""
        return self.members.put(project_id, _decode_member(data))

    def remove(self, kind: str, project_id: str, row_id: str) -> None:
        """Forget a row that left `task-state`: its tombstone is too old to matter."""
        if kind == MEMBER:
            self.members.remove(project_id, row_id)
        rows = self._projects.get(project_id)
        if rows is None or kind not in KINDS:
            return
        if kind == "project":
            self.rows -= rows.project is not None
            rows.project = None
            rows.version += 1
            return
        table = rows.table(kind)
        if table.pop(row_id, None) is not None:
            self.rows -= 1
            rows.order = None if kind == "task" else rows.order
            rows.version += kind == "branch"

    def _put_project(self, rows: ProjectRows, entry: Entry) -> bool:
        known = rows.project
        if known is not None and known.stamp >= entry.stamp:
            return False
        self.rows += known is None
        rows.project = entry
        rows.version += 1
        if entry.deleted:
            _drop(rows.branches, entry)
            _drop(rows.tasks, entry)
            _drop(rows.activity, entry)
            self.members.end(entry.id, entry.stamp)
        return not entry.deleted and (known is None or known.deleted)

    def _tombstone(self, rows: ProjectRows, kind: str, entry: Entry) -> Entry | None:
        """Return the tombstone of a parent that is newer than this row."""
        parents = (rows.project, rows.branches.get(entry.branch_id) if kind == "task" else None)
        newer = [parent for parent in parents if parent is not None and parent.deleted and parent.stamp > entry.stamp]
        return max(newer, key=lambda parent: parent.stamp, default=None)

    def mend(self, project_id: str, right: "Replica", through: int) -> int:
        """Put rows that were read again in place of those that differ; returns how many did. through: up to where they go."""
        rows, whole = self.all_of(project_id), right.all_of(project_id)
        changed = 0
        if _is_wrong(rows.project, whole.project, through):
            self.rows += (whole.project is not None) - (rows.project is not None)
            rows.project = whole.project
            changed += 1
        for kind in ("branch", "task", "activity"):
            ours, theirs = rows.table(kind), whole.table(kind)
            wrong = [row_id for row_id in ours.keys() | theirs.keys() if _is_wrong(ours.get(row_id), theirs.get(row_id), through)]
            for row_id in wrong:
                entry = theirs.get(row_id)
                self.rows += (entry is not None) - (ours.pop(row_id, None) is not None)
                if entry is not None:
                    ours[row_id] = entry
            changed += len(wrong)
        if changed:
            rows.order = None
            rows.version += 1
            rows.mended += 1
        return changed

    # Answering

    def every_project(self) -> list[str]:
        """Return all projects of which any row is there, deleted ones too."""
        return list(self._projects)

    def all_of(self, project_id: str) -> ProjectRows:
        """Return all rows of a project, deleted or not."""
        return self._projects.setdefault(project_id, ProjectRows())

    def standing_rows(self, project_id: str) -> tuple[bytes | None, list[bytes], list[bytes]]:
        """Return the public rows of a project, its branches and its tasks that are not deleted, as they are at this moment."""
        rows = self.all_of(project_id)
        branches, tasks = ([entry.data for entry in table.values() if not entry.deleted] for table in (rows.branches, rows.tasks))
        return None if rows.project is None or rows.project.deleted else rows.project.data, branches, tasks

    def project(self, project_id: str) -> bytes | None:
        """Return the project's public row or tombstone."""
        entry = self.entry(project_id)
        return None if entry is None else entry.data

    def entry(self, project_id: str) -> Entry | None:
        """Return the project's entry."""
        rows = self._projects.get(project_id)
        return None if rows is None else rows.project

    def of(self, project_id: str) -> ProjectRows | None:
        """Return all rows of a project that is not deleted, or None."""
        rows = self._projects.get(project_id)
        return rows if rows is not None and rows.project is not None and not rows.project.deleted else None

    def standing(self, project_id: str, user_id: str) -> Standing | None:
        """Return what the log says of a user in a project; None: it never named the user."""
        entry = self.entry(project_id)
        return self.members.standing(project_id, user_id, deleted=entry is not None and entry.deleted)

    def owned(self, project_id: str) -> bool:
        """Return whether the log names an owner of the project."""
        return self.members.owned(project_id)

    def projects_of(self, user_id: str) -> Iterable[str]:
        """Return the projects of which the log says something of this user."""
        return self.members.projects_of(user_id)

    def task_place(self, project_id: str, task_id: str) -> tuple[str, int] | None:
        """Return (branch, stamp) of a task, the branch "" when it is deleted; None: there was never one."""
        rows = self._projects.get(project_id)
        entry = None if rows is None else rows.tasks.get(task_id)
        return None if entry is None else ("" if entry.deleted else entry.branch_id, entry.stamp)

    def branches(self, project_id: str) -> Iterable[bytes]:
        """Return the public rows of its branches that are not deleted."""
        rows = self._projects.get(project_id)
        return [] if rows is None else [entry.data for entry in rows.branches.values() if not entry.deleted]

    def version(self, project_id: str) -> int:
        """Return a number that changes with every summary of the project."""
        rows = self._projects.get(project_id)
        return 0 if rows is None else rows.version

    def digest(self, project_id: str) -> tuple[int, int]:
        """Return (digest, stamp) of the project's row; (0, -1) without one."""
        entry = self.entry(project_id)
        return (0, _NONE) if entry is None else (entry.digest, entry.stamp)

    def live(self, project_id: str) -> bool:
        """Return whether there is such a project, not deleted."""
        return self.of(project_id) is not None

    def projects(self) -> Iterable[str]:
        """Return the projects that are not deleted."""
        return [project_id for project_id, rows in self._projects.items() if rows.project is not None and not rows.project.deleted]


def _under(entry: Entry, tombstone: Entry | None) -> Entry:
    """Return the entry that holds: a row below a newer tombstone is deleted with it.

    It keeps its own stamp: rows come in any order, and a newer one may say that it had moved elsewhere before.
    """
    return entry if tombstone is None else Entry(data=b"", id=entry.id, stamp=entry.stamp, deleted=True)


def _is_wrong(ours: Entry | None, right: Entry | None, through: int) -> bool:
    """Tell whether a row is not what was read again. One of an event from `through` on came after that; a tombstone is as good as none."""
    if ours is not None and ours.stamp >= through:
        return False
    gone = ours is None or ours.deleted, right is None or right.deleted
    return ours != right if gone == (False, False) else gone[0] != gone[1]


def _drop(table: dict[str, Entry], tombstone: Entry, branch_id: str | None = None) -> None:
    for row_id, entry in table.items():
        if not entry.deleted and entry.stamp < tombstone.stamp and (branch_id is None or entry.branch_id == branch_id):
            table[row_id] = _under(entry, tombstone)
