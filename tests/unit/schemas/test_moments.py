"""Times as producers write them."""

from datetime import UTC, datetime

import pytest

from schemas.moments import moment


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        (1000, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        (10**18, None),
        (-(10**30), None),
    ],
)
def test_times_are_read_as_producers_write_them(value: str | int, found: datetime | None) -> None:
    """With zone, without one, as milliseconds; what is no time is nothing."""
    assert moment(value) == found
