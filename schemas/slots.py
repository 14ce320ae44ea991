"""How rows of minutes are named: by the minute of the week, so that a project keeps a bounded number of them."""

from datetime import datetime
from typing import Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS: Final = slice(11, 16)


def slot_of(minute: str) -> str:
    """Return the minute of the week, such as `mon-08:00`, of a minute in UTC, such as `2026-11-23T08:00`."""
    return f"{_DAYS[datetime.fromisoformat(minute).weekday()]}-{minute[_HOURS]}"
