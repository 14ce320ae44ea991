"""Times as producers write them."""

from datetime import UTC, datetime


def moment(value: str | int) -> datetime | None:
    """Return a time from ISO 8601 text (without a zone: UTC) or milliseconds since 1970; None for what is no time."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC)
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
