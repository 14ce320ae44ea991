"""Gzip put together from parts that were packed apart, so that what did not change is not packed again.

Deflate blocks that end on a byte and refer to nothing before them can stand side by side (RFC 1951 section 3.2.3; zlib's full flush).
"""

import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_LEVEL: Final = 4
_RAW: Final = -15
_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_LAST_BLOCK: Final = b"\x03\0"
_SIZE_MASK: Final = 0xFFFFFFFF


class Text:
    """Bytes of an answer, packed once at most, and only if somebody wants them so."""

    __slots__ = ("_packed", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self._packed: bytes | None = None

    @property
    def to_pack(self) -> int:
        """Return how many bytes `packed` has to work on."""
        return len(self.plain) if self._packed is None else 0

    def packed(self) -> bytes:
        """Return the text as deflate blocks. May be called from several threads: the worst is that it is packed twice."""
        if self._packed is None:
            packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
            self._packed = packer.compress(self.plain) + packer.flush(zlib.Z_FULL_FLUSH)
        return self._packed


class Crc:
    """The check value over texts, taken once."""

    __slots__ = ("size", "value")

    def __init__(self, texts: Iterable[Text], before: "Crc | None" = None) -> None:
        self.value: int = 0 if before is None else before.value
        self.size: int = 0 if before is None else before.size
        for text in texts:
            self.value = zlib.crc32(text.plain, self.value)
            self.size += len(text.plain)


def gzip_of(texts: Iterable[Text], crc: Crc) -> list[bytes]:
    """Return the pieces of a gzip member (RFC 1952). crc: over all the texts."""
    end = crc.value.to_bytes(4, "little") + (crc.size & _SIZE_MASK).to_bytes(4, "little")
    return [_HEADER, *(text.packed() for text in texts), _LAST_BLOCK + end]


@lru_cache(maxsize=128)
def takes_gzip(accept_encoding: str) -> bool:
    """Return whether a client takes gzip (RFC 9110 section 12.5.3)."""
    taken: dict[str, bool] = {}
    for item in accept_encoding.lower().split(","):
        coding, *parameters = (word.strip() for word in item.split(";"))
        taken[coding] = not any(parameter.replace(" ", "") in _NEVER for parameter in parameters)
    return taken.get("gzip", taken.get("*", False))


_NEVER: Final = frozenset({"q=0", "q=0.", "q=0.0", "q=0.00", "q=0.000"})
