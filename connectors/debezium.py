"""Records of Debezium's outbox event router: the event inside, however its converter wrapped it. Pure.

The router puts the column `payload` of an outbox row into the record's value. StringConverter leaves it as it is; JsonConverter
makes a JSON text of it, or an object where `table.expand.json.payload` is on; with `schemas.enable` an envelope of
`schema` and `payload` comes around it; with more columns in the value (`table.fields.additional.placement=…:envelope`) they and
`payload` are fields of one object.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

_MAX_WRAPS: Final = 3
_MARK: Final = b'"payload"'


class _Wrapped(Struct):
    payload: Any
    entity: Any = None


_decode = msgspec.json.Decoder(_Wrapped).decode
_encode = msgspec.json.Encoder().encode


def unwrapped(value: bytes) -> bytes:
    """Return the event's own bytes; what is wrapped in nothing is returned as it is, also when it is no JSON at all."""
    for _ in range(_MAX_WRAPS):
        inner = _inner(value)
        if inner is None:
            return value
        value = inner.encode() if isinstance(inner, str) else _encode(inner)
    return value


def _inner(value: bytes) -> Any:  # noqa: ANN401  because JSON has any shape
    try:
        if value[:1] == b'"':
            return msgspec.json.decode(value, type=str)
        if _MARK not in value:
            return None
        found = _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found.payload if found.entity is None else None
