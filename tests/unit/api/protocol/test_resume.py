"""Decisions about a client's place."""

from api.protocol.resume import Behind, Live, Replay, Snapshot, decide
from schemas.frames import Since
from tests.unit.api.protocol.fakes import ring_of


def test_a_place_is_served_wholly_or_by_a_snapshot() -> None:
    """Each outcome of a resume, at its borders."""
    ring = ring_of(11, 14, 20, size=2)  # 11 is gone

    def at(sequence: int, epoch: str = "e", floor: int = 10) -> object:
        return decide(Since(epoch, sequence), "e", floor, 25, ring)

    assert decide(None, "e", 10, 25, ring) == Snapshot()
    assert at(20, "old") == Snapshot(reset=True)
    assert at(26) == Behind()
    assert at(10) == Snapshot()
    assert at(11) == Replay(1, 2)
    assert at(14) == Replay(2, 1)
    assert [at(20), at(25)] == [Live(3), Live(3)]
    assert at(14, floor=15) == Snapshot()
    assert decide(Since("e", 0), "e", 0, 301, ring_of(*range(1, 302), size=400)) == Snapshot()
    assert decide(Since("e", 0), "e", 0, 300, ring_of(*range(1, 301), size=400)) == Replay(0, 300)
