"""Frames on their way out: what leaves together, with the WebSocket's headers built once for all receivers."""

from collections.abc import Iterable, Sequence
from typing import Final

_FIN_TEXT: Final = 0x81
_MAX_SHORT: Final = 125
_MAX_MEDIUM: Final = 65_535
_LARGE: Final = 8_192
"""Frames from this size on are not copied: a reconnect storm shares the bytes of one snapshot."""


class Tail:
    """Text frames in order. pieces: the same as bytes of a WebSocket (RFC 6455 section 5.2; a server masks nothing); whole: if one."""

    __slots__ = ("frames", "pieces", "size", "whole")

    def __init__(self, frames: Sequence[bytes]) -> None:
        self.frames = frames
        self.pieces = pieces_of(frames)
        self.whole = self.pieces[0] if len(self.pieces) == 1 else None
        self.size = sum(map(len, frames))


def merged(tails: Sequence[Tail]) -> Tail:
    """Return several tails as one, in their order."""
    return tails[0] if len(tails) == 1 else Tail([frame for tail in tails for frame in tail.frames])


def pieces_of(frames: Iterable[bytes]) -> list[bytes]:
    """Return the frames with their headers: small ones joined, large ones as they are, each behind a piece that ends with its header."""
    pieces: list[bytes] = []
    small: list[bytes] = []
    for frame in frames:
        small.append(header(len(frame)))
        if len(frame) < _LARGE:
            small.append(frame)
        else:
            pieces += (b"".join(small), frame)
            small = []
    if small:
        pieces.append(b"".join(small))
    return pieces


def header(size: int) -> bytes:
    """Return the header of an unfragmented, unmasked text frame with `size` bytes."""
    if size <= _MAX_SHORT:
        return bytes((_FIN_TEXT, size))
    if size <= _MAX_MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2)
    return b"\x81\x7f" + size.to_bytes(8)
