"""Frames on their way out are what another implementation of RFC 6455 reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from api.protocol.tail import Tail, header, merged, pieces_of


def read(data: bytes) -> list[bytes]:
    """Return the text frames that a client reads."""
    client = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
    client.receive_data(data)
    frames = [event for event in client.events_received() if isinstance(event, Frame)]
    assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in frames)
    return [bytes(frame.data) for frame in frames]


@pytest.mark.parametrize(("size", "length"), [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_headers_are_as_short_as_they_can_be(size: int, length: int) -> None:
    """One of three forms, by size."""
    assert len(header(size)) == length
    assert read(header(size) + b"x" * size) == [b"x" * size]


@given(st.lists(st.integers(0, 20_000).map(lambda size: b"x" * size), max_size=8))
def test_pieces_are_the_frames(frames: list[bytes]) -> None:
    """Whatever their sizes; none is split, large ones are not copied."""
    pieces = pieces_of(frames)
    assert read(b"".join(pieces)) == frames
    large = [frame for frame in frames if len(frame) >= 8_192]
    assert [piece for piece in pieces if any(piece is frame for frame in large)] == large
    assert len(pieces) <= 2 * len(large) + 1


def test_several_tails_are_one() -> None:
    """In their order; one alone is itself."""
    one, two = Tail([b"a", b"bc"]), Tail([b"d"])
    assert merged([one]) is one
    both = merged([one, two])
    assert (both.frames, both.size, read(b"".join(both.pieces))) == ([b"a", b"bc", b"d"], 4, [b"a", b"bc", b"d"])
