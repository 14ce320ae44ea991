"""Counts in sentences."""

from cli.plural import counted


def test_one_is_one_and_all_else_are_many() -> None:
    """Also where many take no s."""
    assert [counted(count, "worker") for count in (0, 1, 1204)] == ["0 workers", "1 worker", "1,204 workers"]
    assert [counted(count, "entry", "entries") for count in (1, 2)] == ["1 entry", "2 entries"]
