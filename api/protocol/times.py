"""Times as text."""

from datetime import UTC, datetime


def iso(time_ms: int) -> str:
    """Return a time (ms since 1970) as UTC, ISO 8601 with milliseconds and Z."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
