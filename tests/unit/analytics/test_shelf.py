"""Snapshots come back as they were kept, and a damaged one costs only time."""

from pathlib import Path

from analytics.shelf import Shelf


def test_the_newest_that_is_not_past_the_end_is_found(tmp_path: Path) -> None:
    """Without one, everything begins at 0."""
    shelf = Shelf(tmp_path / "0")
    assert shelf.newest(100) == (0, {})
    shelf.keep(10, {b"a": b"1"})
    shelf.keep(20, {b"a": b"2", b"b": b"\xff"})
    assert shelf.newest(19) == (10, {b"a": b"1"})
    assert shelf.newest(20) == (20, {b"a": b"2", b"b": b"\xff"})
    assert shelf.newest(9) == (0, {})


def test_a_damaged_snapshot_is_passed_over(tmp_path: Path) -> None:
    """The one before it serves."""
    shelf = Shelf(tmp_path)
    shelf.keep(10, {b"a": b"1"})
    (tmp_path / "20.feather").write_bytes(b"half of")
    (tmp_path / "notes.feather").write_bytes(b"")
    assert shelf.newest(30) == (10, {b"a": b"1"})
