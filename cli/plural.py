"""Counts in sentences."""


def counted(count: int, one: str, many: str = "") -> str:
    """Return "1 worker" or "1,204 workers"; `many` is for words that take no s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
