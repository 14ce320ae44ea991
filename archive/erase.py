"""A person's name out of a record: whole words are replaced, in keys, values and headers, however they are written in JSON. Pure."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from archive.record import Saved
from schemas.events import decode_event
from schemas.failure import Failure

_EDGE: Final = r"[\w-]"


class Eraser:
    """Puts `alias` where a person's names stand. counts: records seen, changed, and those where a name is left inside a longer word.

    A word ends where neither a letter, digit, `_` nor `-` follows: `ann` is not found in `ann-2`, who may be somebody else.
    """

    def __init__(self, names: Iterable[str], alias: str) -> None:
        self.names = tuple(sorted(names, key=len, reverse=True))
        self.alias = alias
        self.seen = self.changed = self.left = 0
        self.moved = False
        self._pattern = re.compile(rf"(?<!{_EDGE})(?:{'|'.join(map(re.escape, self.names))})(?!{_EDGE})")
        self._raw = [name.encode() for name in self.names]

    def rewrite(self, record: Saved) -> Saved:
        """Return the record without the names. Raises `Failure` when an event would not be one any more."""
        made = Saved(
            record.offset,
            record.timestamp_ms,
            None if record.key is None else self._bytes(record.key),
            None if record.value is None else self._value(record.value),
            tuple((self._text(name), self._bytes(text)) for name, text in record.headers),
        )
        self.seen += 1
        self.changed += made != record
        self.moved |= made.key != record.key
        self.left += any(name in part for part in (made.key, made.value, *(text for _, text in made.headers)) if part for name in self._raw)
        if made.value != record.value and _is_event(record.value) and not _is_event(made.value):
            raise Failure(f"The record at offset {record.offset} would be too long with the alias: choose a shorter one by --alias.")
        return made

    def _value(self, value: bytes) -> bytes:
        """Rewrite a value. A JSON text is decoded first: a name may be written with escapes."""
        if not any(name in value for name in self._raw) and b"\\" not in value:
            return value
        try:
            decoded: Any = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return self._bytes(value)
        made = self._any(decoded)
        return value if made == decoded else msgspec.json.encode(made)

    def _any(self, value: Any) -> Any:  # noqa: ANN401  because foreign JSON has any shape
        match value:
            case str():
                return self._text(value)
            case list():
                return [self._any(part) for part in value]
            case dict():
                return {self._text(name): self._any(part) for name, part in value.items()}
            case _:
                return value

    def _text(self, text: str) -> str:
        return self._pattern.sub(self.alias, text)

    def _bytes(self, text: bytes) -> bytes:
        """Rewrite what may be no text at all; its other bytes stay as they are."""
        return self._pattern.sub(self.alias, text.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def _is_event(value: bytes | None) -> bool:
    try:
        decode_event(value or b"")
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
