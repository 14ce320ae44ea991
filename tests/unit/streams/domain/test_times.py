"""Times as text."""

import pytest

from streams.domain.times import canonical, text_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T12:00:00.123Z", "2026-11-23T12:00:00.123Z"),
        ("2026-11-23T12:00:00.123456", "2026-11-23T12:00:00.123Z"),
        ("2026-11-23 14:00:00+02:00", "2026-11-23T12:00:00.000Z"),
        ("2026-11-23", "2026-11-23T00:00:00.000Z"),
        ("2026-W48-1T12:00:00.123Z", "2026-11-23T12:00:00.123Z"),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("2026-02-30T12:00:00.123Z", None),
    ],
)
def test_any_iso_time_has_one_canonical_text(text: str, expected: str | None) -> None:
    """With or without zone, date, week: the same moment has the same 24 characters; what is no time has none."""
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("ms", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-5, "1970-01-01T00:00:00.000Z"),
        (1_795_435_200_007, "2026-11-23T12:00:00.007Z"),
        (2**62, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_any_record_time_has_a_text(ms: int, expected: str) -> None:
    """A producer may write any 64-bit number as a record's time."""
    assert text_of(ms) == expected
