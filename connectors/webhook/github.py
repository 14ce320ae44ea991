"""From a delivery of GitHub to events. Pure: the payload and what was known of its issue in, events and what is known now out.

A repository is a project, an open or closed milestone a branch (issues without one are in `main`), an issue a task. Each payload has
the whole issue; only what it says anew is sent, so that a status set on a project's board outlives a change of labels.
"""

import re
import uuid
from typing import Any, Final

import msgspec
from msgspec import Struct

from connectors.board import MAX_LIST, bounded, cut
from connectors.facts import NAMESPACE, iso, time_ms
from connectors.words import texts
from schemas.events import Event, Fields
from schemas.words import Source

STATUS: Final = {"todo": "todo", "backlog": "todo", "ready": "todo", "in progress": "in_progress", "in review": "review", "done": "done"}
"""Names of a project board's columns; others keep their own name."""
CLOSED: Final = {"not_planned": "cancelled", "duplicate": "cancelled"}
_PRIORITY: Final = re.compile(r"^(?:priority|prio|p)?[\s:/_-]*(critical|urgent|high|medium|low|p?[0-4])$", re.IGNORECASE)
_LEVELS: Final = ("critical", "urgent", "high", "medium", "low")
_CREATED: Final = frozenset({"opened", "reopened"})
_GONE: Final = frozenset({"deleted", "transferred"})


class Issue(Struct, frozen=True):
    """What is known of an issue: its project and number, the last version sent, and the state that GitHub gave it then."""

    project_id: str
    number: str
    version: int = 0
    state: str = ""


class Delivery(Struct, frozen=True):
    """One delivery: its id, the kind of event, and its payload."""

    id: str
    kind: str
    payload: dict[str, Any]


class Mapped(Struct, frozen=True):
    """What a delivery means: events, and the issue as it is known from now on, under its node id. `ignored` says why there are none."""

    events: list[Event] = []
    node_id: str = ""
    issue: Issue | None = None
    ignored: str = ""


class Malformed(Exception):  # noqa: N818  because it is the sender's
    """The payload lacks what its kind of event always has."""


def node_of(delivery: Delivery) -> str:
    """Return the node id of the issue that a delivery is about, "" when it is about none."""
    if delivery.kind == "projects_v2_item":
        return str(_part(delivery.payload, "projects_v2_item").get("content_node_id") or "")
    return str(_part(delivery.payload, "issue").get("node_id") or "") if delivery.kind == "issues" else ""


def mapped(delivery: Delivery, known: Issue | None, now_ms: int) -> Mapped:
    """Return what a delivery means. Raises `Malformed`."""
    match delivery.kind:
        case "issues":
            return _Sender(delivery, now_ms).issue(known)
        case "milestone":
            return _Sender(delivery, now_ms).milestone()
        case "repository":
            return _Sender(delivery, now_ms).repository()
        case "projects_v2_item":
            return _Sender(delivery, now_ms).board_item(known)
        case _:
            return Mapped(ignored=f"events of the kind {delivery.kind} mean nothing here")


class _Sender:
    """Makes the events of one delivery."""

    def __init__(self, delivery: Delivery, now_ms: int) -> None:
        self._delivery = delivery
        self._payload = delivery.payload
        self._action = str(delivery.payload.get("action") or "")
        self._now_ms = now_ms
        self._events: list[Event] = []

    def issue(self, known: Issue | None) -> Mapped:
        issue, repository = _part(self._payload, "issue"), _part(self._payload, "repository")
        project = _project(repository)
        number, node_id = str(_need(issue, "number")), str(_need(issue, "node_id"))
        version = _version(time_ms(issue.get("updated_at"), "UTC", self._now_ms), known)
        if self._action in _GONE:
            self._add("task", "delete", project, number, version=version)
            self._moved()
            return Mapped(self._events, node_id, Issue(project, number, version))
        state = f"{issue.get('state')}:{issue.get('state_reason') or ''}"
        fresh = known is None or self._action in _CREATED
        self._announce(repository, issue.get("milestone"), fresh=fresh)
        data = _fields(issue, status=fresh or known is None or known.state != state)
        self._add("task", "create" if fresh else "patch", project, number, data=data, version=version, branch_id=_branch(project, issue))
        return Mapped(self._events, node_id, Issue(project, number, version, state))

    def milestone(self) -> Mapped:
        milestone, project = _part(self._payload, "milestone"), _project(_part(self._payload, "repository"))
        branch_id = _milestone(project, milestone)
        if self._action == "deleted":
            self._add("branch", "patch", project, branch_id, data=Fields(archived=True), branch_id=branch_id)
        else:
            data = Fields(name=cut(str(milestone.get("title") or "")), archived=milestone.get("state") == "closed")
            self._add("branch", "create", project, branch_id, data=data, branch_id=branch_id)
        return Mapped(self._events)

    def repository(self) -> Mapped:
        repository = _part(self._payload, "repository")
        project = _project(repository)
        if self._action == "deleted":
            self._add("project", "delete", project, project)
        else:
            data = Fields(name=cut(str(_need(repository, "full_name"))), archived=bool(repository.get("archived")))
            self._add("project", "create", project, project, data=data)
        return Mapped(self._events)

    def board_item(self, known: Issue | None) -> Mapped:
        item = _part(self._payload, "projects_v2_item")
        if known is None:
            return Mapped(ignored="its issue is not known yet: any event of the issue makes it known")
        field = _part(_part(self._payload, "changes", optional=True), "field_value", optional=True)
        to = field.get("to")
        name, value = str(field.get("field_name") or "").lower(), str(to.get("name") or "") if isinstance(to, dict) else ""
        if name not in {"status", "priority"} or not value:
            return Mapped(ignored="only the fields Status and Priority of a board mean something here")
        data = Fields(status=STATUS.get(value.lower(), value)) if name == "status" else Fields(priority=_priority([value]) or value.lower())
        version = _version(time_ms(item.get("updated_at"), "UTC", self._now_ms), known)
        self._add("task", "patch", known.project_id, known.number, data=data, version=version)
        return Mapped(self._events, node_of(self._delivery), msgspec.structs.replace(known, version=version))

    def _announce(self, repository: dict[str, Any], milestone: object, *, fresh: bool) -> None:
        """State project and branch beside a task that is new here: a receiver that was added later never saw them."""
        if not fresh:
            return
        project = _project(repository)
        self._add("project", "create", project, project, data=Fields(name=cut(str(_need(repository, "full_name")))))
        if isinstance(milestone, dict):
            branch_id, name = _milestone(project, milestone), cut(str(milestone.get("title") or ""))
        else:
            branch_id, name = f"{project}:main", "main"
        self._add("branch", "create", project, branch_id, data=Fields(name=name), branch_id=branch_id)

    def _moved(self) -> None:
        """Create the issue where it was transferred to, in the same delivery and so under the same correlation id."""
        changes = _part(self._payload, "changes", optional=True)
        issue, repository = changes.get("new_issue"), changes.get("new_repository")
        if isinstance(issue, dict) and isinstance(repository, dict):
            project = _project(repository)
            self._announce(repository, issue.get("milestone"), fresh=True)
            data = _fields(issue, status=True)
            self._add("task", "create", project, str(_need(issue, "number")), data=data, branch_id=_branch(project, issue))

    def _add(self, entity: str, action: str, project_id: str, entity_id: str, **more: object) -> None:
        sender = self._payload.get("sender")
        who: dict[str, Any] = sender if isinstance(sender, dict) else {}
        source: Source = "mcp-ai" if who.get("type") == "Bot" else "user"
        at = time_ms(_part(self._payload, "issue", optional=True).get("updated_at"), "UTC", self._now_ms)
        made = {
            "id": str(uuid.uuid5(NAMESPACE, f"{self._delivery.id}\n{len(self._events)}")),
            "entity": entity,
            "action": action,
            "project_id": project_id,
            "entity_id": entity_id,
            "occurred_at": iso(at),
            "source": source,
            "user_id": bounded(str(who["login"])) if who.get("login") else None,
            "correlation_id": bounded(self._delivery.id),
            "origin": f"github:{project_id}" if "version" in more else None,
        }
        data = more.pop("data", None)
        event = msgspec.convert({**made, **more}, Event)
        event.data = data if isinstance(data, Fields) else None
        self._events.append(event)


def _fields(issue: dict[str, Any], *, status: bool) -> Fields:
    labels = texts(_names(issue.get("labels"), "name"), MAX_LIST)
    found = Fields(
        title=cut(str(issue.get("title") or "")), labels=labels, assignees=texts(_names(issue.get("assignees"), "login"), MAX_LIST)
    )
    if priority := _priority(labels):
        found.priority = priority
    if status:
        closed = issue.get("state") == "closed"
        found.status = CLOSED.get(str(issue.get("state_reason")), "done") if closed else "todo"
    return found


def _names(values: object, name: str) -> list[str]:
    listed = values if isinstance(values, list) else []
    return [bounded(str(value[name])) for value in listed if isinstance(value, dict) and value.get(name)]


def _priority(names: list[str]) -> str | None:
    """Return the first name that is a priority: `high`, `priority: high`, `P1`."""
    for name in names:
        match = _PRIORITY.match(name)
        if match is not None and (match[1].lower() in _LEVELS or name.lower().startswith("p")):
            word = match[1].lower()
            return word if word in _LEVELS else _LEVELS[int(word[-1])]
    return None


def _version(updated_ms: int, known: Issue | None) -> int:
    """Return a version that grows within the second that GitHub's times have: of two in one second the later delivery wins."""
    if known is None or updated_ms < known.version // 1000 * 1000:
        return updated_ms
    return max(updated_ms, known.version + 1)


def _project(repository: dict[str, Any]) -> str:
    """Return a project id that stays when a repository gets another name."""
    return f"github-{_need(repository, 'id')}"


def _branch(project_id: str, issue: dict[str, Any]) -> str:
    milestone = issue.get("milestone")
    return _milestone(project_id, milestone) if isinstance(milestone, dict) else f"{project_id}:main"


def _milestone(project_id: str, milestone: dict[str, Any]) -> str:
    return f"{project_id}:milestone-{_need(milestone, 'number')}"


def _part(payload: dict[str, Any], name: str, *, optional: bool = False) -> dict[str, Any]:
    found = payload.get(name)
    if isinstance(found, dict):
        return found
    if optional:
        return {}
    raise Malformed(f"the payload has no {name}")


def _need(part: dict[str, Any], name: str) -> int | str:
    found = part.get(name)
    if isinstance(found, bool) or not isinstance(found, int | str) or found == "":
        raise Malformed(f"the payload lacks {name}")
    return found
