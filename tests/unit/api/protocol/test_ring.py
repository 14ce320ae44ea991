"""The replay memory of one stream."""

from api.protocol.ring import Frame
from tests.unit.api.protocol.fakes import ring_of


def test_a_ring_keeps_the_newest_and_knows_what_is_gone() -> None:
    """Bounded by number and age; sizes add up; cursors find what is after a sequence."""
    ring = ring_of(3, 5, 9, size=2)
    assert (ring.first, ring.end, ring.evicted, ring.last, ring.size) == (1, 3, 3, 9, 2)
    assert [ring.after(sequence) for sequence in (0, 5, 6, 9)] == [1, 2, 2, 3]
    assert ring.get(0) is None
    assert ring.get(2) == Frame(9, b"x", 9)
    assert ring.expire(6) == 1
    assert (ring.evicted, ring.size) == (5, 1)
    assert ring.expire(100) == 1
    assert ring.expire(100) == 0


def test_a_renewed_ring_lets_nobody_go_on() -> None:
    """Every cursor falls out, and a place up to what was read is no place to go on from; the next frame is."""
    ring = ring_of(3, 5)
    assert ring.renew(8) == 2
    assert (ring.evicted, ring.last, ring.tail(2, 100)) == (9, 8, None)
    ring.append(Frame(9, b"x", 9))
    assert [frame.sequence for index in range(ring.first, ring.end) if (frame := ring.get(index))] == [9]
