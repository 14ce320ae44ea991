"""From what a caller sends to the event that goes into the log: every rule of a write that needs no rows."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from api.protocol.access import ADMIN, SOURCE, Action, Members, Principal, may_act_as, refusal
from api.protocol.grants import narrowed
from api.protocol.requests import ChangeRequest
from schemas.events import Event, Fields, encode_event
from schemas.problems import FORBIDDEN, INVALID_CHANGE, TOO_LARGE, Problem
from schemas.topics import MAX_EVENT_BYTES, MAX_ID_CHARS
from schemas.words import ACTIONS, ENTITIES, SOURCES, Source


class Write(Struct, frozen=True):
    """A change that may go into the log."""

    event: Event
    value: bytes


class Fill(Struct, frozen=True):
    """What the edge knows and a pure function cannot: a new id and the time (ISO 8601, UTC, milliseconds, Z)."""

    new_id: str
    now: str


def write_of(asked: ChangeRequest, principal: Principal, members: Members, fill: Fill, needs: Action | None = None) -> Write | Problem:
    """Return the event of a request, or what is wrong with it. The source is `user` unless the token may set it, or sets it.

    needs: what the caller must be allowed to do, where the request alone does not say it.
    """
    errors = tuple(_mistakes(asked))
    if errors:
        return Problem(INVALID_CHANGE, errors=errors)
    refused = refusal(principal, needs or _action(asked), asked.project_id, members)
    if refused is not None:
        return refused
    request = narrowed(asked, principal.grants, members)
    if isinstance(request, Problem):
        return request
    user_id = principal.subject if request.user_id is None else request.user_id
    if not may_act_as(principal, user_id):
        return Problem(FORBIDDEN, "user_id must be the caller")
    message_id = request.id or fill.new_id
    event = Event(
        id=message_id,
        entity=request.entity,
        action=request.action,
        project_id=request.project_id,
        entity_id=request.entity_id,
        occurred_at=request.occurred_at or fill.now,
        source=_source(request.source, principal),
        branch_id=request.branch_id,
        task_id=request.task_id,
        origin=request.origin,
        version=request.version,
        if_stamp=request.if_stamp,
        user_id=user_id,
        session_id=request.session_id,
        correlation_id=request.correlation_id or message_id,
        data=None if ACTIONS[request.action] == "delete" else request.data,
        git_branch_id=request.git_branch_id,
    )
    value = encode_event(event)
    if len(value) > MAX_EVENT_BYTES:
        return Problem(TOO_LARGE, f"an event has at most {MAX_EVENT_BYTES} bytes")
    return Write(event, value)


def _action(request: ChangeRequest) -> Action:
    """Return what a caller must be allowed to do: who the members are, and the end of a project, is the owners' business."""
    ends = request.entity == "project" and ACTIONS[request.action] == "delete"
    return Action.MANAGE if request.entity == "member" or ends else Action.WRITE


def _source(wanted: str | None, principal: Principal) -> Source:
    """Return the source that holds. A person cannot pass as a program, nor a token for an agent as a person."""
    granted = principal.grants.source
    if granted or {SOURCE, ADMIN} & principal.scopes:
        for source in SOURCES:
            if source == (granted or wanted):
                return source
    return "user"


def _mistakes(request: ChangeRequest) -> list[str]:
    errors = [
        f"{name}: 1 to {MAX_ID_CHARS} characters"
        for name, value in _ids(request).items()
        if value is not None and not (0 < len(value) <= MAX_ID_CHARS and value.isprintable())
    ]
    if request.entity not in ENTITIES:
        errors.append(f"entity: one of {', '.join(ENTITIES)}")
    if request.action not in ACTIONS:
        errors.append(f"action: one of {', '.join(ACTIONS)}")
    if request.schema != 1:
        errors.append("schema: 1")
    if request.occurred_at is not None and not _is_time(request.occurred_at):
        errors.append("occurred_at: a time in ISO 8601")
    if not errors:
        errors.extend(_missing(request))
    return errors


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _missing(request: ChangeRequest) -> list[str]:
    """Return what a worker would need to place the row: a new task needs its branch, a new subtask its task."""
    if ACTIONS[request.action] not in {"create", "update"}:
        return []
    data = request.data or Fields()
    if request.entity == "task" and not (request.branch_id or data.branch_id or request.git_branch_id or data.git_branch_id):
        return ["branch_id: missing"]
    if request.entity == "subtask" and not (request.task_id or data.task_id):
        return ["task_id: missing"]
    return []


def _ids(request: ChangeRequest) -> dict[str, Any]:
    return {
        "project_id": request.project_id,
        "entity_id": request.entity_id,
        "id": request.id,
        "branch_id": request.branch_id,
        "task_id": request.task_id,
        "user_id": request.user_id,
        "session_id": request.session_id,
        "correlation_id": request.correlation_id,
    }
