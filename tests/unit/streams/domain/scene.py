"""Short ways to say what happened in a partition, and to look at the rows and messages that came of it."""

from typing import Any
from zlib import crc32

import msgspec

from schemas.events import Event, Fields, encode_event
from schemas.messages import Bulk, Outcome, Update, decode_message
from schemas.rows import Memory
from schemas.topics import row_key
from streams.domain.records import Out, Record
from tests.property.streams.world import Worker

NOON = "2026-11-23T12:00:00.000Z"
NOON_MS = 1_795_435_200_000
NO_MEMORY = Memory()


def event(what: str, action: str = "create", data: dict[str, Any] | None = None, **more: Any) -> Event:  # noqa: ANN401  because it is any field
    """Return an event; `what` is "task t1". An agent's unless it says otherwise; equal events have equal ids."""
    entity, _, name = what.partition(" ")
    base: dict[str, Any] = {
        "id": f"{crc32(f'{action} {what} {data} {more}'.encode())}",
        "project_id": "p",
        "entity_id": name or "p",
        "occurred_at": NOON,
        "source": "mcp-ai",
    }
    return Event(**{**base, **more}, entity=entity, action=action, data=None if data is None else Fields(**data))


def record(offset: int, what: Event | bytes | None, ms: int = NOON_MS, key: bytes = b"p") -> Record:
    """Return a record of an event or of raw bytes."""
    return Record(offset, ms, key, encode_event(what) if isinstance(what, Event) else what)


def tell(worker: Worker, *events: Event, ms: int = NOON_MS) -> list[Out]:
    """Fold one batch and return its messages."""
    through = worker.partition.through
    return worker.take([record(through + number, one, ms) for number, one in enumerate(events)]).cascades


def row(worker: Worker, what: str) -> Any:  # noqa: ANN401  because it is any row
    """Return the row or tombstone of "task t1"."""
    kind, _, name = what.partition(" ")
    node = worker.store.get(row_key(kind, "p", name or "p"))
    assert node is not None, f"there is no {what}"
    return node.row


def messages(outs: list[Out]) -> list[Update | Bulk | Outcome]:
    """Return the messages of some records."""
    return [decode_message(out.value) for out in outs if out.value is not None]


def update(out: Out) -> Update:
    """Return the update in a record."""
    (message,) = messages([out])
    assert isinstance(message, Update)
    return message


def bulk(out: Out) -> Bulk:
    """Return the bulk in a record."""
    (message,) = messages([out])
    assert isinstance(message, Bulk)
    return message


def outcome(out: Out) -> Outcome:
    """Return the outcome in a record."""
    (message,) = messages([out])
    assert isinstance(message, Outcome)
    return message


def plain(raw: Any) -> Any:  # noqa: ANN401  because JSON may be anything
    """Return finished JSON as plain objects."""
    return msgspec.json.decode(raw)
