"""A short past of project `p`, for tests of receipts: events of a session and of others, folded by the worker's own fold."""

from collections.abc import Sequence
from typing import Any

from msgspec import convert

from api.protocol.receipt import Ledger
from api.receipts import feed
from broker.records import Record
from cli.refold import Refold
from schemas.events import Event, encode_event

SESSION = "s"


def event(what: str, action: str = "patch", session: str | None = SESSION, **rest: Any) -> dict[str, Any]:  # noqa: ANN401  because fields are of many types
    """Return an event: what is `kind id`; of a person without a session. Fields stand in `data`, homes beside it."""
    entity, _, entity_id = what.partition(" ")
    homes = {name: rest.pop(name) for name in ("branch_id", "task_id", "if_stamp", "occurred_at") if name in rest}
    source = "user" if session is None else "mcp-ai"
    who = {"source": source, "user_id": "ann" if session is None else "agent", "session_id": session}
    always = {"entity": entity, "action": action, "project_id": "p", "entity_id": entity_id, "occurred_at": "2026-01-01T00:00:00Z"}
    return always | who | homes | {"data": rest or None}


def log_of(events: Sequence[dict[str, Any]], begin: int = 0) -> list[Record]:
    """Return events as records from an offset on."""
    made = [convert({"id": f"e{number}"} | one, Event) for number, one in enumerate(events, begin)]
    return [Record(number, 1_800_000_000_000 + number, b"p", encode_event(one)) for number, one in enumerate(made, begin)]


def ledger_of(records: Sequence[Record], *, whole: bool = True) -> Ledger:
    """Return the session's ledger of a log."""
    ledger, fold = Ledger(SESSION, "p", whole=whole), Refold(0, records[0].offset, {})
    feed(ledger, fold, records)
    return ledger


def past(*events: dict[str, Any]) -> Ledger:
    """Return the session's ledger of these events."""
    return ledger_of(log_of(events))


BEFORE = (
    event("branch b", "create", None, name="Main"),
    event("task t", "create", None, branch_id="b", title="Old", status="todo", assignees=["x"]),
    event("task d", "create", None, branch_id="b", title="Done", status="done"),
    event("subtask c", "create", None, task_id="t", title="Step"),
)
"""A branch with two tasks, one of them done, and a subtask."""
