"""From the recount's rows to what `task-state` should hold, counted from nothing. Pure."""

import zlib
from collections import Counter, defaultdict
from typing import Any, Final

from audit.fold import Fold, Key, Node
from schemas.rows import BranchSummary, ContextUpdate, LetterRow, MemberRow, ProjectSummary, Row, SubtaskSummary, TaskSummary, Tombstone
from schemas.words import (
    BREAKDOWN_NAMES,
    COMPLETED,
    DEFAULT_PRIORITY,
    DEFAULT_STATUS,
    IN_PROGRESS,
    INACTIVE,
    OTHER,
    PRIORITIES,
    STATUSES,
)

_DIGEST_MODULUS: Final = 2**53
_LISTS: Final = ("assignees", "labels", "dependencies")


class Expected:
    """Every row that a partition's events lead to. `rows` must be there; `optional` are tombstones that have expired."""

    def __init__(self, fold: Fold) -> None:
        self.rows: dict[Key, Row] = dict(fold.minutes.rows())
        self.optional: set[Key] = set()
        live = [node for node in fold.nodes.values() if node.live]
        subtasks = _grouped(node for node in live if node.kind == "subtask")
        tasks = {(node.project_id, node.id): _task(node, subtasks[node.project_id, node.id]) for node in live if node.kind == "task"}
        for key, node in fold.nodes.items():
            if fold.expired(node):
                self.optional.add(key)
            elif not node.live:
                self.rows[key] = Tombstone(id=node.id, project_id=node.project_id, stamp=node.stamp)
            elif (row := _leaf(node, tasks)) is not None:
                self.rows[key] = row
        self._sum(live, list(tasks.values()))

    def _sum(self, live: list[Node], tasks: list[TaskSummary]) -> None:
        by_branch: dict[tuple[str, str], list[TaskSummary]] = defaultdict(list)
        by_project: dict[str, list[TaskSummary]] = defaultdict(list)
        for task in tasks:
            by_branch[task.project_id, task.branch_id].append(task)
            by_project[task.project_id].append(task)
        branches = Counter(node.project_id for node in live if node.kind == "branch")
        for node in live:
            common: dict[str, Any] = {"id": node.id, "name": _text(node, "name", node.id), "archived": _archived(node), "stamp": node.stamp}
            common |= {"last_activity": node.last_activity}
            if node.kind == "branch":
                counts = _counts(by_branch[node.project_id, node.id])
                self.rows["branch", node.project_id, node.id] = BranchSummary(project_id=node.project_id, **common, **counts)
            if node.kind == "project":
                counts = _counts(by_project[node.id])
                own: dict[str, Any] = {"total_branches": branches[node.id], "degraded": node.degraded}
                self.rows["project", node.id, node.id] = ProjectSummary(**common, **counts, **own)


def _leaf(node: Node, tasks: dict[tuple[str, str], TaskSummary]) -> Row | None:
    """Return a live row in which nothing is counted; None for a branch or project."""
    home = tasks.get((node.project_id, node.parent if node.kind != "task" else node.id))
    match node.kind:
        case "task":
            return home
        case "subtask" if home is not None:
            return _subtask(node, home.branch_id)
        case "context":
            return _context(node, home.branch_id if home is not None and node.home == "task" else node.parent)
        case "letter":
            return LetterRow(id=node.id, project_id=node.project_id, stamp=node.stamp)
        case "member":
            return _member(node)
        case _:
            return None


def breakdown(names: Counter[str], known: tuple[str, ...]) -> dict[str, int]:
    """Return the counts as they are shown: at most 16 names (known ones first, then the largest), the rest as `other`."""
    kept = {name: count for name, count in names.items() if count}
    if len(kept) <= BREAKDOWN_NAMES:
        return kept
    order = sorted(kept, key=lambda name: (name not in known, -kept[name], name))
    shown = {name: kept[name] for name in order[:BREAKDOWN_NAMES]}
    shown[OTHER] = shown.get(OTHER, 0) + sum(kept[name] for name in order[BREAKDOWN_NAMES:])
    return shown


def _grouped(nodes: Any) -> dict[tuple[str, str], list[Node]]:  # noqa: ANN401  because any iterable of nodes will do
    groups: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in nodes:
        groups[node.project_id, node.parent].append(node)
    return groups


def _counts(tasks: list[TaskSummary]) -> dict[str, Any]:
    statuses = Counter(task.status for task in tasks)
    digest = sum(zlib.crc32(f"{task.id}|{task.status}|{task.priority}|{task.stamp}".encode()) for task in tasks)
    return {
        "total_tasks": len(tasks),
        "completed_tasks": statuses[COMPLETED],
        "in_progress_tasks": statuses[IN_PROGRESS],
        "active_tasks": len(tasks) - sum(statuses[name] for name in INACTIVE),
        "total_subtasks": sum(task.total_subtasks for task in tasks),
        "completed_subtasks": sum(task.completed_subtasks for task in tasks),
        "status_breakdown": breakdown(statuses, STATUSES),
        "priority_breakdown": breakdown(Counter(task.priority for task in tasks), PRIORITIES),
        "digest": digest % _DIGEST_MODULUS,
    }


def _task(node: Node, subtasks: list[Node]) -> TaskSummary:
    return TaskSummary(
        id=node.id,
        project_id=node.project_id,
        branch_id=node.parent,
        title=_text(node, "title", ""),
        status=_text(node, "status", DEFAULT_STATUS),
        priority=_text(node, "priority", DEFAULT_PRIORITY),
        parent_id=node.fields.get("parent_id"),
        progress_percentage=node.fields.get("progress_percentage"),
        total_subtasks=len(subtasks),
        completed_subtasks=sum(_text(one, "status", DEFAULT_STATUS) == COMPLETED for one in subtasks),
        last_activity=node.last_activity,
        last_actor=node.last_actor,
        stamp=node.stamp,
        **{name: tuple(node.fields.get(name, ())) for name in _LISTS},
    )


def _subtask(node: Node, branch_id: str) -> SubtaskSummary:
    return SubtaskSummary(
        id=node.id,
        project_id=node.project_id,
        branch_id=branch_id,
        task_id=node.parent,
        title=_text(node, "title", ""),
        status=_text(node, "status", DEFAULT_STATUS),
        assignees=tuple(node.fields.get("assignees", ())),
        progress_percentage=node.fields.get("progress_percentage"),
        last_activity=node.last_activity,
        last_actor=node.last_actor,
        stamp=node.stamp,
    )


def _context(node: Node, branch_id: str) -> ContextUpdate:
    return ContextUpdate(
        id=node.id,
        project_id=node.project_id,
        branch_id=branch_id or None,
        task_id=node.parent if node.home == "task" else None,
        level=node.fields.get("level") or "task",
        version=node.fields.get("version") or 1,
        changed=node.fields.get("changed", []),
        last_activity=node.last_activity,
        last_actor=node.last_actor,
        stamp=node.stamp,
    )


def _member(node: Node) -> MemberRow:
    return MemberRow(
        id=node.id,
        project_id=node.project_id,
        user_id=node.fields.get("user_id") or node.id,
        role=node.fields.get("role") or "viewer",
        stamp=node.stamp,
    )


def _text(node: Node, name: str, default: str) -> str:
    value: str | None = node.fields.get(name)
    return default if value is None else value


def _archived(node: Node) -> bool:
    return bool(node.fields.get("archived"))
