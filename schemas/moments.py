"""Times as producers write them."""

from datetime import UTC, datetime


def moment(value: str | int) -> datetime | None:
    """Return a time from ISO 8601 text (without a zone: UTC) or milliseconds since 1970; None for what is no time."""
    try:
        time = datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the second one: what lies outside the years 1 to 9999, or does in UTC
        return None
