"""What is sent in place of rows while FEATURE_WS_CASCADE is off: what changed, for clients that fetch it themselves.

A notice is a merged bulk that changes nothing, so a client of protocol 2.0 keeps its place by it and shows nothing wrong.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Raw, Struct

from schemas.frames import VERSION
from schemas.messages import Bulk, Update

_encode: Final = msgspec.json.Encoder().encode


class _Named(Struct):
    id: str
    branch_id: str | None = None


class Changed(Struct, omit_defaults=True, rename="camel"):
    """One changed row: enough to know what to fetch. branch_id: of the row, when it has one."""

    entity: str
    action: str
    id: str
    branch_id: str | None = None


_decode: Final = msgspec.json.Decoder(_Named).decode


def notice(message: Update | Bulk) -> bytes:
    """Return the message without rows: `data.changed` names what changed. Parts become notices of their own.

    Raises `msgspec.DecodeError` for a row without an id.
    """
    return _encode(
        {
            "type": "bulk",
            "id": message.id,
            "stream": message.stream,
            "timestamp": message.timestamp,
            "payload": {
                "entity": "multiple",
                "action": "update",
                "data": {"primary": [], "cascade": {}, "changed": list(_changed(message))},
            },
            "metadata": message.metadata,
            "version": VERSION,
        }
    )


def _changed(message: Update | Bulk) -> Iterator[Changed]:
    if isinstance(message, Update):
        yield _of(message.payload.entity, message.payload.action, message.payload.data.primary)
        return
    for change in message.payload.data.primary:
        yield _of(change.entity, change.action, change.row)


def _of(entity: str, action: str, row: Raw) -> Changed:
    named = _decode(row)
    return Changed(entity, action, named.id, named.branch_id)
