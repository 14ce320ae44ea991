"""Times as text: UTC, ISO 8601, milliseconds and `Z` (24 characters), so that they compare as text."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = 253_402_300_799_999
_CANONICAL_CHARS: Final = 24


def text_of(ms: int) -> str:
    """Return milliseconds since 1970 as text. Values outside the years 1970 to 9999 are moved to their edge."""
    seconds, rest = divmod(min(max(ms, 0), _LAST_MS), 1000)
    return f"{_second(seconds)}{rest:03}Z"


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    """Return a second as text up to the point; events of one batch share few of them."""
    return f"{(_START + timedelta(seconds=seconds)).isoformat()[:19]}."


def canonical(text: str) -> str | None:
    """Return any ISO 8601 time as canonical text (UTC when it names no zone), or None if it is no time."""
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == _CANONICAL_CHARS and text[7] == "-" and text[10] == "T" and text[19] == "." and text[23] == "Z":
            return text
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{utc.isoformat(timespec='milliseconds')[:23]}Z"
