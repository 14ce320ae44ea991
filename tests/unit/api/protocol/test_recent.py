"""What was written lately."""

from api.protocol.recent import Recent
from schemas.messages import Position


def test_recent_writes_are_known_for_a_while() -> None:
    """By user and id; bounded in time and number."""
    recent = Recent(size=2, keep_ms=100)
    recent.add("u", "a", Position(0, 1), 0)
    assert recent.find("u", "a", 100) == Position(0, 1)
    assert recent.find("u", "a", 101) is None
    assert recent.find("v", "a", 0) is None
    recent.add("u", "b", Position(0, 2), 0)
    recent.add("u", "c", Position(0, 3), 0)
    assert recent.find("u", "a", 0) is None
    assert recent.find("u", "c", 0) == Position(0, 3)
