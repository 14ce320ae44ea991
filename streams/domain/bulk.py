"""A window as messages: the newest row or tombstone of every key it touched, once, split where a message would be too long."""

from collections.abc import Iterator
from typing import Final

from msgspec import Raw

from schemas.messages import Bulk, BulkData, BulkPayload, Cascade, Change, Merged, Metadata, Position, encode_message, stream_of
from schemas.topics import TRACEPARENT
from streams.domain.cascade import LISTS, Look
from streams.domain.node import KINDS, kind_of, public_bytes
from streams.domain.records import Out
from streams.domain.rules import AI, Rules
from streams.domain.windows import Pending

_ENTRY_BYTES: Final = 64
"""What the names around a row take at most: entity, action, brackets, commas."""
_PART_BYTES: Final = 64
"""What `part`, `parts` and the longer id add to a message."""


_Entry = tuple[str, str | None, Raw]
"""Kind, what happened (None: the row changed with others), and the row."""


def bulk(project_id: str, pending: Pending, look: Look, position: Position, now_ms: int, rules: Rules) -> list[Out]:
    """Return the messages about a window, in order; receivers apply them when all parts are there.

    The last one has the headers of the traces that lead to the window: with it, the window is told.
    """
    key = project_id.encode()
    traces = tuple((TRACEPARENT, parent) for parent in pending.traces)
    entries = _entries(pending, look)
    message = Bulk(
        id=f"{position.partition}-{pending.first}-{pending.last}",
        stream=stream_of(project_id),
        timestamp=now_ms,
        payload=_payload(entries),
        metadata=Metadata(source=_source(pending.merged), position=position, merged=pending.merged),
    )
    whole = encode_message(message)
    if len(whole) <= rules.max_message_bytes:
        return [Out(key, whole, traces)]
    message.payload = _payload([])
    room = rules.max_message_bytes - len(encode_message(message)) - _PART_BYTES
    *before, last = _numbered(message, list(_parts(entries, room)))
    return [*(Out(key, value) for value in before), Out(key, last, traces)]


def _source(merged: Merged) -> str:
    """Return the one source of all events, or the source that windows are for."""
    sources = {session.source for session in merged.sessions}
    return sources.pop() if len(sources) == 1 else AI


def _entries(pending: Pending, look: Look) -> list[_Entry]:
    """Return the changed rows with what happened to them, then the other rows that changed with them."""
    entries: list[_Entry] = []
    primary = pending.primary
    for key, existed in primary.items():
        node = look(key)
        if node is not None:
            action = "delete" if node.memory.deleted_ms else "update" if existed else "create"
            entries.append((KINDS[key[:2]], action, Raw(node.public or public_bytes(node))))
    for key in pending.others:
        if key not in primary:
            node = look(key)
            if node is not None:
                entries.append((kind_of(key), None, Raw(node.public or public_bytes(node))))
    return entries


def _payload(entries: list[_Entry]) -> BulkPayload:
    cascade = Cascade()
    primary = []
    for kind, action, row in entries:
        if action is None:
            LISTS[kind](cascade).append(row)
        else:
            primary.append(Change(kind, action, row))
    return BulkPayload("multiple", "update", BulkData(primary, cascade))


def _parts(entries: list[_Entry], room: int) -> Iterator[list[_Entry]]:
    """Yield parts that fit; a row that is longer than a message travels alone."""
    part: list[_Entry] = []
    size = 0
    for entry in entries:
        needed = len(bytes(entry[2])) + _ENTRY_BYTES
        if part and size + needed > room:
            yield part
            part, size = [], 0
        part.append(entry)
        size += needed
    yield part


def _numbered(message: Bulk, parts: list[list[_Entry]]) -> Iterator[bytes]:
    name = message.id
    message.parts = len(parts)
    for number, part in enumerate(parts, 1):
        message.id = f"{name}-{number}"
        message.part = number
        message.payload = _payload(part)
        yield encode_message(message)
