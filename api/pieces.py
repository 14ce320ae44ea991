"""An answer that is sent in pieces of a fair size: a large one is never in memory twice, and who reads slowly holds up nobody."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SIZE: Final = 262_144
"""Bytes from which on a piece is sent."""


class Pieces(Response):
    """JSON whose bytes lie in pieces already. They are joined to larger ones, but never all to one, unless they are few."""

    media_type = "application/json"

    def __init__(self, pieces: Sequence[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(headers={**headers, "Content-Length": str(sum(map(len, pieces)))})
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        before = b""
        for piece in joined(self._pieces):
            if before:
                await send({"type": "http.response.body", "body": before, "more_body": True})
            before = piece
        await send({"type": "http.response.body", "body": before, "more_body": False})


def joined(pieces: Sequence[bytes], size: int = SIZE) -> Iterator[bytes]:
    """Yield the same bytes in pieces of at least `size`, the last one excepted."""
    start = length = 0
    for place, piece in enumerate(pieces, 1):
        length += len(piece)
        if length >= size:
            yield b"".join(pieces[start:place])
            start, length = place, 0
    if length:
        yield b"".join(pieces[start:])
