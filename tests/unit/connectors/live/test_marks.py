"""What a follower keeps."""

from pathlib import Path

import pytest

from connectors.live.marks import Mark, Marks
from schemas.failure import Failure


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    """Of the same file and project only; a mark alone leaves the content as it was."""
    marks = Marks(tmp_path, "beads-p", Path("/a"))
    assert (marks.mark(), marks.content()) == (Mark(), None)
    marks.keep(Mark(7, {1: 2}), b"\xff\x00")
    marks.keep(Mark(8, {1: 3}))
    again = Marks(tmp_path, "beads-p", Path("/a"))
    assert (again.mark(), again.content()) == (Mark(8, {1: 3}), b"\xff\x00")
    assert Marks(tmp_path, "beads-p", Path("/b")).content() is None
    again.forget()
    assert (marks.mark(), marks.content()) == (Mark(), None)


def test_damaged_marks_are_one_sentence(tmp_path: Path) -> None:
    """It names the file."""
    marks = Marks(tmp_path, "beads-p", Path("/a"))
    marks.keep(Mark(7))
    (file,) = (tmp_path / "watch").glob("*.json")
    file.write_text("{")
    with pytest.raises(Failure, match=f"{file.name}.*delete it"):
        marks.mark()
