"""The names of minutes."""

import pytest

from schemas.slots import slot_of


@pytest.mark.parametrize(("text", "slot"), [("2026-11-23T00:00", "mon-00:00"), ("1970-01-01T23:59", "thu-23:59")])
def test_the_name_is_the_minute_of_the_week(text: str, slot: str) -> None:
    """In UTC."""
    assert slot_of(text) == slot
