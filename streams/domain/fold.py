"""The working set of one step: the rows it has touched, on top of the rows as they were before it."""

from collections.abc import Callable, Iterator
from typing import cast

from msgspec import Struct

from schemas.rows import BranchSummary, LiveRow, Memory, ProjectSummary, Row, Tombstone
from streams.domain.node import Node, editable
from streams.domain.records import Rows
from streams.domain.rules import REMEMBERED_PARENTS, Rules
from streams.domain.scope import Scope, Slot, scope_of


class Applied(Struct, gc=False):
    """One event that changed its row: all that a message about it needs.

    before: the row as it was, None if it was not live. ancestors: keys of the other rows that changed and that readers must be told.
    """

    key: bytes
    before: LiveRow | None
    ancestors: tuple[bytes, ...]


class Target(Struct, gc=False):
    """The row that an event is about. live: the row as it is, None if there is none; memory: its memory with this event in it.

    merge: only the fields that are set change (a patch); otherwise the event is the whole row.
    """

    key: bytes
    scope: Scope
    live: Node | None
    memory: Memory
    merge: bool


class Fold:
    """Rows inside a step. `find` reads, `open_*` and `put` write; a lender's node is copied before its first change.

    offset, record_ms, activity: stamp, record time and activity time (canonical text) of the event at hand. time_ms: log time.
    surface: called before a deleted key comes to life again, while the rows still show the time before; an open window then
    publishes the tombstone first. doomed: what goes with the deleted row at hand, buried turn by turn before the next event.
    """

    __slots__ = ("activity", "born", "doomed", "hints", "offset", "record_ms", "rows", "rules", "scopes", "surface", "time_ms", "touched")

    def __init__(self, rows: Rows, rules: Rules, time_ms: int, surface: Callable[[bytes], None]) -> None:
        self.rows = rows
        self.rules = rules
        self.time_ms = time_ms
        self.surface = surface
        self.offset = -1
        self.record_ms = 0
        self.activity = ""
        self.touched: dict[bytes, Node] = {}
        self.scopes: dict[str, Scope] = {}
        self.hints: list[tuple[bytes, bytes]] = []
        self.born: dict[bytes, list[bytes]] = {}
        self.doomed: Iterator[None] | None = None

    def scope(self, project_id: str) -> Scope:
        """Return what the step knows about a project."""
        scope = self.scopes.get(project_id)
        if scope is None:
            scope = self.scopes[project_id] = scope_of(project_id)
        return scope

    def get(self, key: bytes) -> Node | None:
        """Return a row or tombstone, however old."""
        node = self.touched.get(key)
        return self.rows.get(key) if node is None else node

    def find(self, key: bytes) -> Node | None:
        """Return a row or tombstone; a tombstone that the rules no longer keep was never there."""
        node = self.touched.get(key)
        if node is None:
            node = self.rows.get(key)
        if node is None or not node.memory.deleted_ms or self.time_ms - node.memory.deleted_ms <= self.rules.tombstone_ms:
            return node
        self.surface(key)
        return None

    def is_deleted(self, key: bytes) -> bool:
        """Tell whether a tombstone stands under the key."""
        node = self.find(key)
        return node is not None and node.deleted

    def touch(self, key: bytes) -> Node | None:
        """Take a row into the step's result and return it for changes in place."""
        node = self.touched.get(key)
        if node is None:
            lent = self.rows.get(key)
            if lent is None:
                return None
            node = self.touched[key] = editable(lent)
        return node

    def put(self, key: bytes, row: Row, memory: Memory, digest: int = -1) -> None:
        """Write a new row in place of whatever is there."""
        self.touched[key] = Node(row, memory, None, digest)

    def open_project(self, scope: Scope) -> ProjectSummary:
        """Return the live row of a project for changes; one that was never announced begins here. It takes in the event at hand."""
        slot = scope.project or self._open_project(scope)
        self._take_in(slot)
        return slot.row

    def open_above(self, scope: Scope, branch_id: str) -> tuple[ProjectSummary, Slot[BranchSummary]]:
        """Return a project and one of its branches as `open_project` does."""
        project = scope.project or self._open_project(scope)
        branch = scope.branches.get(branch_id) or self._open_branch(scope, branch_id)
        self._take_in(project, branch)
        return project.row, branch

    def _take_in(self, *slots: Slot[ProjectSummary] | Slot[BranchSummary]) -> None:
        """Note the event at hand: its offset is the new stamp, its time counts as activity, and bytes made before are old."""
        for slot in slots:
            slot.node.public = None
            row = slot.row
            row.stamp = self.offset
            last = row.last_activity
            if last is None or last < self.activity:
                row.last_activity = self.activity

    def has_lost(self, scope: Scope, branch_id: str) -> bool:
        """Tell whether a branch is deleted. One that is open is not."""
        return self.is_deleted(scope.key_of("branch", branch_id))

    def children(self, parent: bytes) -> Iterator[tuple[bytes, Node]]:
        """Yield (key, row or tombstone) of all that was ever written under a parent, in the order of the keys."""
        for key in sorted({*self.rows.children(parent), *self.born.get(parent, ())}):
            node = self.get(key)
            if node is not None:
                yield key, node

    def link(self, parent: bytes, child: bytes) -> None:
        """Note that a row was written under a parent."""
        self.hints.append((parent, child))
        self.born.setdefault(parent, []).append(child)

    def bury(self, key: bytes, row: Row, memory: Memory, parent_id: str | None) -> None:
        """Put a tombstone in place of a row; it remembers what the row remembered, and its parent."""
        former = memory.former if parent_id is None else with_former(memory.former, parent_id)
        grave = Memory(ids=memory.ids, origins=memory.origins, deleted_ms=max(self.record_ms, 1), former=former)
        project_id = row.id if isinstance(row, ProjectSummary) else row.project_id
        self.put(key, Tombstone(id=row.id, project_id=project_id, stamp=self.offset), grave)

    def doom(self, burials: Iterator[None]) -> None:
        """Have everything below a deleted row buried before the next event: there may be so much of it that others must get a turn."""
        self.doomed = burials

    def _open_project(self, scope: Scope) -> Slot[ProjectSummary]:
        if self.find(scope.key) is None:
            self.put(scope.key, ProjectSummary(id=scope.project_id, name=scope.project_id), Memory())
        node = cast(Node, self.touch(scope.key))
        slot = scope.project = Slot(scope.key, node, cast(ProjectSummary, node.row))
        return slot

    def _open_branch(self, scope: Scope, branch_id: str) -> Slot[BranchSummary]:
        key = scope.key_of("branch", branch_id)
        if self.find(key) is None:
            self.put(key, BranchSummary(id=branch_id, project_id=scope.project_id, name=branch_id), Memory())
            self.link(scope.key, key)
            self.open_project(scope).total_branches += 1
        node = cast(Node, self.touch(key))
        slot = scope.branches[branch_id] = Slot(key, node, cast(BranchSummary, node.row))
        return slot


def with_former(former: tuple[str, ...], parent_id: str) -> tuple[str, ...]:
    """Return the remembered parents with one more, newest last."""
    return (*(known for known in former if known != parent_id), parent_id)[-REMEMBERED_PARENTS:]


def later(activity: str, last: str | None) -> str:
    """Return the later of two canonical times."""
    return activity if last is None or last < activity else last
