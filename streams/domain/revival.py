"""What an event may do to its own row: the revival table, retries, staleness and conditions."""

from typing import Final, Literal

from schemas.events import Event
from schemas.rows import Memory
from streams.domain.digest import HASH_CHARS
from streams.domain.node import Node
from streams.domain.rules import REMEMBERED_IDS, REMEMBERED_ORIGINS

Apply = Literal["insert", "replace", "merge", "revive", "bury"]
Drop = Literal["late", "unknown", "deleted", "stale", "duplicate", "conflict", "orphan", "crowded"]
Decision = Apply | Drop

State = Literal["none", "live", "tombstone"]

TABLE: Final[dict[tuple[str, State], Decision]] = {
    ("create", "none"): "insert",
    ("create", "live"): "replace",
    ("create", "tombstone"): "revive",
    ("update", "none"): "insert",
    ("update", "live"): "replace",
    ("update", "tombstone"): "late",
    ("patch", "none"): "unknown",
    ("patch", "live"): "merge",
    ("patch", "tombstone"): "deleted",
    ("delete", "none"): "bury",
    ("delete", "live"): "bury",
    ("delete", "tombstone"): "late",
}
"""(canonical action, state of the row) -> decision. A delete of a deleted row keeps its tombstone as it is."""

APPLIED: Final = frozenset({"insert", "replace", "merge", "revive", "bury"})

_NOTHING: Final = Memory()
_OLDEST: Final = (1 - REMEMBERED_IDS) * HASH_CHARS


def decide(event: Event, node: Node | None, event_hash: str) -> Decision:
    """Return what the event does to its row. `orphan` and `crowded` are decided by its parents, later.

    A retry is seen first, so that the repeated conditional write of a lost answer is no conflict.
    """
    if node is None:
        return TABLE[event.action, "none"] if event.if_stamp is None else "conflict"
    memory = node.memory
    if event_hash in memory.ids:  # a match across two hashes is as unlikely as two equal ones
        return "duplicate"
    if event.if_stamp is not None and event.if_stamp != node.row.stamp:
        return "conflict"
    decision = TABLE[event.action, "tombstone" if memory.deleted_ms else "live"]
    if event.origin is not None and event.version is not None and decision in APPLIED:
        last = memory.origins.get(event.origin)
        if last is not None and event.version <= last:
            return "stale"
    return decision


def remember(event: Event, node: Node | None, event_hash: str) -> Memory:
    """Return the row's memory with this event in it. Of too many origins, the one with the lowest version is forgotten."""
    memory = _NOTHING if node is None else node.memory
    origins = memory.origins
    if event.origin is not None and event.version is not None:
        origins = {**origins, event.origin: event.version}
        if len(origins) > REMEMBERED_ORIGINS:
            del origins[min((version, name) for name, version in origins.items() if name != event.origin)[1]]
    return Memory(ids=memory.ids[_OLDEST:] + event_hash, origins=origins, former=memory.former)
