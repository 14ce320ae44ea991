"""The recount: every event of a partition, one after the other, into plain rows. Pure, slow, and written apart from the worker.

Nothing is counted here: rows are kept, and `audit.tally` counts them when all is read. What is kept per row: its fields, its
last event's offset, its newest time, and what decides whether a later event is taken (architecture.md §3).
"""

from collections import Counter, defaultdict
from typing import Any, Final

from msgspec import Struct, field

from audit.activity import Minutes
from audit.bounds import Words, with_origin
from audit.intake import Fact, Poison, Record, read, with_archived
from audit.letters import closing
from schemas.rows import Actor

TOMBSTONE_MS: Final = 7 * 24 * 3600 * 1000
REMEMBERED: Final = 8
MAIN: Final = "main"
Key = tuple[str, str, str]
"""(kind, project id, id)"""


class Node(Struct):
    """One row, live or deleted. parent: the branch of a task, the task of a subtask, what a context belongs to (home: its kind)."""

    kind: str
    project_id: str
    id: str
    live: bool = True
    fields: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    home: str = ""
    stamp: int = -1
    last_activity: str | None = None
    last_actor: Actor | None = None
    seen: list[str] = field(default_factory=list)
    origins: dict[str, int] = field(default_factory=dict)
    deleted_ms: int = 0
    degraded: int = 0


class Fold:
    """The rows of one partition. `nodes` has every row, also the deleted ones; `outcomes` counts what became of the events."""

    def __init__(self) -> None:
        self.nodes: dict[Key, Node] = {}
        self.outcomes: Counter[str] = Counter()
        self.events = 0
        self.time_ms = 0
        self.minutes = Minutes()
        self._words = Words()
        self._born: defaultdict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)

    def take(self, record: Record) -> None:
        """Apply the next record of the partition."""
        self.events += 1
        self.time_ms = max(self.time_ms, record.timestamp_ms)
        letter = closing(record)
        if letter is not None:
            self._close(record, letter.offset)
            if not letter.replay:
                self.outcomes["dropped"] += 1
                return
        fact = read(record)
        if isinstance(fact, Poison):
            self._count_poison(record)
            self.outcomes["poison"] += 1
            return
        late = letter is not None and self._changed_since(fact, letter.offset)
        outcome = "stale" if late else self._decide(fact, record)
        self.outcomes[outcome] += 1
        if outcome == "applied":
            event = fact.event
            self.minutes.take(event.project_id, fact.at, (event.source, fact.action), self.time_ms, record.offset)

    def _count_poison(self, record: Record) -> None:
        """Let the project that the record's key names count it, if it lives: that is all a bad record changes."""
        name = (record.key or b"").decode(errors="replace")
        project = self.get("project", name, name)
        if project is not None and project.live:
            project.degraded += 1
            project.stamp = record.offset
            self._new("letter", name, str(record.offset)).stamp = record.offset

    def _close(self, record: Record, offset: int) -> None:
        """Let the project count one dead letter less, if that letter is open."""
        name = (record.key or b"").decode(errors="replace")
        letter = self.nodes.get(("letter", name, str(offset)))
        if letter is not None and letter.live:
            self._bury(letter, record)
            project = self.nodes["project", name, name]
            project.degraded -= 1
            project.stamp = record.offset

    def _changed_since(self, fact: Fact, offset: int) -> bool:
        node = self.get(fact.event.entity, fact.event.project_id, fact.event.entity_id)
        return node is not None and node.stamp > offset

    def get(self, kind: str, project_id: str, row_id: str) -> Node | None:
        """Return the row as later events see it: a tombstone that has expired is no row any more."""
        node = self.nodes.get((kind, project_id, row_id))
        return None if node is None or self.expired(node) else node

    def expired(self, node: Node) -> bool:
        """Say whether a tombstone is older than 7 days of log time."""
        return not node.live and self.time_ms - node.deleted_ms > TOMBSTONE_MS

    def _decide(self, fact: Fact, record: Record) -> str:
        event = fact.event
        node = self.get(event.entity, event.project_id, event.entity_id)
        refused = (
            self._seen_before(fact, node)
            or self._fatherless(fact, node)
            or self._by_table(fact, node)
            or self._words.crowded(fact, self.nodes.values())
        )
        if refused is not None:
            return refused
        if fact.action == "delete":
            self._delete(fact, node, record)
        else:
            self._write(fact, node, record)
        return "applied"

    def _seen_before(self, fact: Fact, node: Node | None) -> str | None:
        event = fact.event
        if node is not None and event.id in node.seen:
            return "duplicate"
        if node is not None and event.origin is not None and event.version is not None:
            last = node.origins.get(event.origin)
            if last is not None and event.version <= last:
                return "stale"
        if event.if_stamp is not None and (node is None or node.stamp != event.if_stamp):
            return "condition"
        return None

    def _fatherless(self, fact: Fact, node: Node | None) -> str | None:
        event = fact.event
        if event.entity == "project":
            return None
        if self._dead("project", event.project_id, event.project_id):
            return "orphan"
        if event.entity == "task" and fact.action != "delete" and self._dead("branch", event.project_id, self._branch_of(fact, node)):
            return "orphan"
        return self._homeless(fact, node) if fact.action != "delete" else None

    def _homeless(self, fact: Fact, node: Node | None) -> str | None:
        """Say whether what a subtask or context needs to belong to is missing."""
        event = fact.event
        kind, row_id = ("task", self._task_of(fact, node)) if event.entity == "subtask" else self._home_of(fact, node)
        if event.entity not in {"subtask", "context"} or not kind:
            return None
        home = self.get(kind, event.project_id, row_id)
        missing = kind == "task" if home is None else not home.live
        return "orphan" if missing else None

    def _dead(self, kind: str, project_id: str, row_id: str) -> bool:
        node = self.get(kind, project_id, row_id)
        return node is not None and not node.live

    @staticmethod
    def _by_table(fact: Fact, node: Node | None) -> str | None:
        if node is None:
            return "unknown" if fact.action == "patch" else None
        if node.live:
            return None
        return {"create": None, "update": "late", "patch": "deleted", "delete": "kept"}[fact.action]

    @staticmethod
    def _branch_of(fact: Fact, node: Node | None) -> str:
        return fact.branch_id or (node.parent if node is not None and node.live else MAIN)

    @staticmethod
    def _task_of(fact: Fact, node: Node | None) -> str:
        return fact.task_id or (node.parent if node is not None and node.live else "")

    @staticmethod
    def _home_of(fact: Fact, node: Node | None) -> tuple[str, str]:
        """Return (kind, id) of what a context belongs to; ("", "") for the project."""
        if fact.task_id:
            return "task", fact.task_id
        if fact.branch_id:
            return "branch", fact.branch_id
        return (node.home, node.parent) if node is not None and node.live else ("", "")

    def _write(self, fact: Fact, node: Node | None, record: Record) -> None:
        event = fact.event
        if node is None:
            node = self._new(event.entity, event.project_id, event.entity_id)
        elif not node.live:
            node.live, node.last_activity, node.last_actor = True, None, None
            node.fields, node.home, node.parent, node.degraded = {}, "", "", 0
        fields = with_archived(fact.fields) if event.entity in {"project", "branch"} else fact.fields
        given = {name: value for name, value in fields.items() if value is not None}
        kept = {name: value for name, value in node.fields.items() if name not in fields} if fact.action == "patch" else {}
        node.fields = {**kept, **given}
        self._settle(fact, node, record)
        self._remember(fact, node, record)
        self._touch_above(node, fact, record)

    def _settle(self, fact: Fact, node: Node, record: Record) -> None:
        """Put the row where the event says it lives."""
        if node.kind == "subtask":
            home = self._task_of(fact, node)
            if node.parent and node.parent != home:
                self._touch_task(node, fact, record)
            self._adopt(node, home)
        if node.kind == "task":
            home = fact.branch_id or node.parent or MAIN
            if node.parent and node.parent != home:
                self._touch("branch", node.project_id, node.parent, fact, record)
                for below in (*self._children("subtask", node), *self._children("context", node)):
                    below.stamp = record.offset
            self._adopt(node, home)
        if node.kind == "context":
            kind, home = self._home_of(fact, node)
            if node.stamp >= 0 and (node.home, node.parent) != (kind, home):
                self._touch_home(node, fact, record)
            node.home = kind
            self._adopt(node, home)

    def _delete(self, fact: Fact, node: Node | None, record: Record) -> None:
        event, known = fact.event, node is not None
        node = node or self._new(event.entity, event.project_id, event.entity_id)
        for one in (node, *self._below(node)):  # an unknown project may have members: they do not announce it
            self._bury(one, record)
        self._remember(fact, node, record)
        if known:
            self._touch_above(node, fact, record)

    def _below(self, node: Node) -> list[Node]:
        if node.kind == "project":
            return [one for one in self.nodes.values() if one.project_id == node.project_id and one.live]
        if node.kind == "branch":
            tasks = self._children("task", node)
            return [*tasks, *self._children("context", node), *(one for task in tasks for one in self._below(task))]
        return [*self._children("subtask", node), *self._children("context", node)] if node.kind == "task" else []

    def _children(self, kind: str, parent: Node) -> list[Node]:
        """Return the live rows whose parent this is, out of all that ever had it as their parent."""
        ids = self._born[kind, parent.project_id, parent.id]
        nodes = [self.nodes[kind, parent.project_id, row_id] for row_id in ids]
        return [node for node in nodes if node.live and node.parent == parent.id and node.home in {"", parent.kind}]

    def _adopt(self, node: Node, home: str) -> None:
        node.parent = home
        self._born[node.kind, node.project_id, home][node.id] = None

    def _new(self, kind: str, project_id: str, row_id: str) -> Node:
        node = self.nodes[(kind, project_id, row_id)] = Node(kind, project_id, row_id)
        return node

    @staticmethod
    def _bury(node: Node, record: Record) -> None:
        node.live, node.stamp, node.deleted_ms = False, record.offset, record.timestamp_ms

    @staticmethod
    def _remember(fact: Fact, node: Node, record: Record) -> None:
        event = fact.event
        node.stamp = record.offset
        node.seen = [*node.seen, event.id][-REMEMBERED:]
        if event.origin is not None and event.version is not None:
            node.origins = with_origin(node.origins, event.origin, event.version)
        node.last_activity = max(node.last_activity or "", fact.at)
        node.last_actor = Actor(event.source, event.user_id, event.session_id)

    def _touch_above(self, node: Node, fact: Fact, record: Record) -> None:
        if node.kind == "subtask":
            self._touch_task(node, fact, record)
        if node.kind == "task":
            self._touch("branch", node.project_id, node.parent, fact, record)
        if node.kind == "context":
            self._touch_home(node, fact, record)
        if node.kind not in {"project", "member"}:
            self._touch("project", node.project_id, node.project_id, fact, record)

    def _touch_task(self, below: Node, fact: Fact, record: Record) -> None:
        """Touch the task that a subtask or context lives in, and that task's branch."""
        task = self.nodes["task", below.project_id, below.parent]
        self._touch("task", task.project_id, task.id, fact, record)
        self._touch("branch", task.project_id, task.parent, fact, record)

    def _touch_home(self, context: Node, fact: Fact, record: Record) -> None:
        """Touch the task with its branch, or the branch, that a context belongs to."""
        if context.home == "task":
            self._touch_task(context, fact, record)
        if context.home == "branch":
            self._touch("branch", context.project_id, context.parent, fact, record)

    def _touch(self, kind: str, project_id: str, row_id: str, fact: Fact, record: Record) -> None:
        """Let an event below a row count as its activity; a branch or project never announced begins here."""
        node = self.get(kind, project_id, row_id)
        if node is None and kind in {"branch", "project"}:
            node = self._new(kind, project_id, row_id)
        if node is not None and node.live:
            node.stamp = record.offset
            node.last_activity = max(node.last_activity or "", fact.at)
