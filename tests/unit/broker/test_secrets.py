"""Laws of the development secret."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from broker.secrets import jwt_secret
from schemas.failure import Failure


def test_made_once_for_all_who_ask(tmp_path: Path) -> None:
    """The first call makes the secret, each later one returns it, and only its user may read it."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: jwt_secret(tmp_path), range(16)))
    assert len(found) == 1
    assert len(found.pop()) >= 32
    assert (tmp_path / "secrets" / "jwt").stat().st_mode & 0o777 == 0o600


def test_short_secret_is_refused(tmp_path: Path) -> None:
    """An emptied file never becomes the signing key."""
    jwt_secret(tmp_path)
    (tmp_path / "secrets" / "jwt").write_text("x", encoding="utf-8")
    with pytest.raises(Failure, match="shorter"):
        jwt_secret(tmp_path)


def test_unusable_directory_is_one_sentence(tmp_path: Path) -> None:
    """A data directory that is a file is named, without a stack trace."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Failure, match="choose another --data"):
        jwt_secret(tmp_path / "file")
