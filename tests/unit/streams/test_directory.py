"""A worker's directory is its own."""

from pathlib import Path

import pytest

from schemas.failure import UsageFailure
from streams.directory import claimed


def test_the_second_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """As long as the first lives; then the directory is free again."""
    with claimed(tmp_path / "w"):
        with pytest.raises(UsageFailure, match=r"Another worker uses .*/w: give each worker its own directory"), claimed(tmp_path / "w"):
            pass
        with claimed(tmp_path / "other"):
            pass
    with claimed(tmp_path / "w"):
        pass


def test_one_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Before anything else happens."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageFailure, match="cannot write"), claimed(tmp_path / "file" / "w"):
        pass
