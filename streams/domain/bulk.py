"""A window as messages: the newest row or tombstone of every key it touched, once, split where a message would be too long."""

from collections.abc import Iterator
from typing import Final

from msgspec import Raw, Struct

from schemas.messages import (
    Bulk,
    BulkData,
    BulkPayload,
    Cascade,
    Change,
    Merged,
    Metadata,
    Position,
    encode_message,
    stream_of,
)
from streams.domain.cascade import LISTS, Look, action_of, kind_of
from streams.domain.node import public_bytes
from streams.domain.records import Out
from streams.domain.rules import Rules
from streams.domain.windows import Pending

_ENTRY_BYTES: Final = 64
"""What the names around a row take at most: entity, action, brackets, commas."""
_HEAD_BYTES: Final = 64
"""`part`, `parts` and their growth in digits, and the longer id."""


class _Part(Struct):
    """The rows of one message and their size in bytes."""

    primary: list[Change]
    cascade: Cascade
    size: int


def bulk(project_id: str, pending: Pending, look: Look, position: Position, now_ms: int, rules: Rules) -> list[Out]:
    """Return the messages about a window, in order; receivers apply them when all parts are there."""
    head = _message(project_id, pending, position, now_ms)
    room = rules.max_message_bytes - len(encode_message(head)) - _HEAD_BYTES
    parts = list(_parts(pending, look, room))
    key = project_id.encode()
    if len(parts) == 1:
        head.payload.data = BulkData(parts[0].primary, parts[0].cascade)
        return [Out(key, encode_message(head))]
    return [Out(key, encode_message(_numbered(head, part, number, len(parts)))) for number, part in enumerate(parts, 1)]


def _message(project_id: str, pending: Pending, position: Position, now_ms: int) -> Bulk:
    return Bulk(
        id=f"{position.partition}-{pending.first}-{pending.last}",
        stream=stream_of(project_id),
        timestamp=now_ms,
        payload=BulkPayload("multiple", "update", BulkData([], Cascade())),
        metadata=Metadata(source=_source(pending.merged), position=position, merged=pending.merged),
    )


def _source(merged: Merged) -> str:
    """Return the one source of all events, or the source that windows are for."""
    sources = {session.source for session in merged.sessions}
    return sources.pop() if len(sources) == 1 else "mcp-ai"


def _numbered(head: Bulk, part: _Part, number: int, parts: int) -> Bulk:
    payload = BulkPayload("multiple", "update", BulkData(part.primary, part.cascade))
    return Bulk(
        id=f"{head.id}-{number}",
        stream=head.stream,
        timestamp=head.timestamp,
        payload=payload,
        metadata=head.metadata,
        part=number,
        parts=parts,
    )


def _parts(pending: Pending, look: Look, room: int) -> Iterator[_Part]:
    """Yield parts that fit; a row that is longer than a message travels alone."""
    part = _Part([], Cascade(), 0)
    for entry in _entries(pending, look):
        kind, action, row = entry
        size = len(row) + _ENTRY_BYTES
        if part.size and part.size + size > room:
            yield part
            part = _Part([], Cascade(), 0)
        part.size += size
        if action is None:
            getattr(part.cascade, LISTS[kind]).append(Raw(row))
        else:
            part.primary.append(Change(kind.decode(), action, Raw(row)))
    yield part


def _entries(pending: Pending, look: Look) -> Iterator[tuple[bytes, str | None, bytes]]:
    """Yield (kind, action, row): the changed rows with their action, then the other rows that changed with them."""
    for key, existed in pending.primary.items():
        node = look(key)
        if node is not None:
            yield kind_of(key), action_of(node, existed=existed), public_bytes(node)
    for key in pending.others:
        node = look(key)
        if node is not None and key not in pending.primary:
            yield kind_of(key), None, public_bytes(node)
