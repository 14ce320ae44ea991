"""Times as text."""

from api.protocol.times import iso


def test_times_sort_as_text() -> None:
    """Always milliseconds, always Z."""
    assert [iso(0), iso(1_795_000_000_001)] == ["1970-01-01T00:00:00.000Z", "2026-11-18T11:06:40.001Z"]
