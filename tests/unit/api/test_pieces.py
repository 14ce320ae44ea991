"""Answers in pieces."""

from typing import Any

import pytest

from api.pieces import Pieces, joined


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], []),
        ([b"a", b"b"], [b"ab"]),
        ([b"abcd", b"e"], [b"abcd", b"e"]),
        ([b"ab", b"cdef", b"", b"gh"], [b"abcdef", b"gh"]),
        ([b"abcd"], [b"abcd"]),
    ],
)
def test_small_pieces_are_joined(pieces: list[bytes], expected: list[bytes]) -> None:
    """Up to a size, in their order."""
    assert list(joined(pieces, 4)) == expected


@pytest.mark.parametrize("pieces", [[], [b"{}"], [b"x" * 200_000] * 5])
async def test_an_answer_is_sent_whole(pieces: list[bytes]) -> None:
    """With its length ahead, in messages of which only the last one says that it is."""
    sent: list[Any] = []

    async def send(message: Any) -> None:  # noqa: ANN401  because ASGI messages are of many kinds
        sent.append(message)

    async def receive() -> Any:  # noqa: ANN401  because ASGI messages are of many kinds
        raise AssertionError

    await Pieces(pieces, {"ETag": "x"})({"type": "http"}, receive, send)
    start, *bodies = sent
    headers = dict(start["headers"])
    assert (start["status"], headers[b"etag"], headers[b"content-type"]) == (200, b"x", b"application/json")
    assert b"".join(body["body"] for body in bodies) == b"".join(pieces)
    assert int(headers[b"content-length"]) == sum(map(len, pieces))
    assert [body["more_body"] for body in bodies] == [True] * (len(bodies) - 1) + [False]
