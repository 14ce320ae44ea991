"""One event applied to the rows: the decision about its own row, then what its entity means for the rows around it."""

from collections.abc import Callable
from typing import Final

from schemas.events import Event
from streams.domain.apply_branch import bury_branch, write_branch
from streams.domain.apply_context import bury_context, write_context
from streams.domain.apply_member import bury_member, write_member
from streams.domain.apply_project import bury_project, write_project
from streams.domain.apply_subtask import bury_subtask, write_subtask
from streams.domain.apply_task import bury_task, write_task
from streams.domain.digest import id_hash
from streams.domain.fold import Applied, Fold, Target
from streams.domain.revival import APPLIED, Drop, decide, remember

Handler = Callable[[Fold, Event, Target], Applied | Drop]

_WRITE: Final[dict[str, Handler]] = {
    "project": write_project,
    "branch": write_branch,
    "task": write_task,
    "subtask": write_subtask,
    "context": write_context,
    "member": write_member,
}
_BURY: Final[dict[str, Handler]] = {
    "project": bury_project,
    "branch": bury_branch,
    "task": bury_task,
    "subtask": bury_subtask,
    "context": bury_context,
    "member": bury_member,
}


def apply(fold: Fold, event: Event) -> Applied | Drop:
    """Apply one decoded event at `fold.offset`; return what changed, or why nothing did."""
    scope = fold.scopes.get(event.project_id) or fold.scope(event.project_id)
    if scope.project is None and event.entity != "project" and fold.is_deleted(scope.key):
        return "orphan"
    key = scope.key_of(event.entity, event.entity_id)
    node = fold.find(key)
    event_hash = id_hash(event.id)
    decision = decide(event, node, event_hash)
    if decision not in APPLIED:
        return decision  # type: ignore[return-value]  # what is not applied is dropped
    if decision == "revive":
        fold.surface(key)
    memory = remember(event, node, event_hash)
    live = None if node is None or node.memory.deleted_ms else node
    handlers = _BURY if decision == "bury" else _WRITE
    return handlers[event.entity](fold, event, Target(key, scope, live, memory, decision == "merge"))
