"""What names a moment."""

import pytest

from analytics.past import positions_of


@pytest.mark.parametrize(
    ("text", "found"),
    [("3:50", {3: 50}), ("0:1,11:2", {0: 1, 11: 2}), ("2026-01-02", None), ("12:30:00", None), ("2026:1", None), ("now", None), ("", None)],
)
def test_positions_and_times_are_told_apart(text: str, found: dict[int, int] | None) -> None:
    """A partition has at most three digits, a year has four."""
    assert positions_of(text) == found
