"""What was seen."""

from pathlib import Path

import pytest

from connectors.webhook.github import Issue
from connectors.webhook.seen import Seen
from schemas.failure import Failure


def test_a_delivery_is_known_by_its_id_and_by_its_signature(tmp_path: Path) -> None:
    """Also after a restart, until it is old."""
    seen = Seen(tmp_path / "a" / "seen.sqlite", 1000)
    seen.take(("id:1", "sha256=x"), "", None, 5000)
    seen.close()
    seen = Seen(tmp_path / "a" / "seen.sqlite", 1000)
    assert (seen.knows("id:1", "sha256=y"), seen.knows("id:2", "sha256=x"), seen.knows("id:2", "sha256=y")) == (True, True, False)
    seen.take(("id:3",), "", None, 6001)
    assert (seen.knows("id:1"), seen.knows("id:3")) == (False, True)


def test_an_issue_never_gets_older(tmp_path: Path) -> None:
    """A late delivery does not undo what is known."""
    seen = Seen(tmp_path / "seen.sqlite", 1000)
    newer, older = Issue("p", "1", 7, "closed:"), Issue("p", "1", 6, "open:")
    seen.take(("a",), "n", newer, 0)
    seen.take(("b",), "n", older, 0)
    assert seen.issue("n") == newer
    assert seen.issue("m") is None


def test_a_file_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    """It names the file."""
    (tmp_path / "seen.sqlite").write_text("no database, and longer than a header of sqlite is " * 10)
    with pytest.raises(Failure, match=r"seen\.sqlite cannot be used"):
        Seen(tmp_path / "seen.sqlite", 1000)
