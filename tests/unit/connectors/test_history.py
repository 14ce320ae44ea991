"""Versions of a file, from a real git repository in a temporary folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest

from connectors.history import History, current, locate
from schemas.failure import UsageFailure

FILES = (".beads/issues.jsonl", "old.jsonl")
Commit = Callable[..., str]


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Return a function that commits a content of the file (None deletes it) at a time in seconds."""
    repository = pygit2.init_repository(str(tmp_path))
    file = tmp_path / FILES[0]
    file.parent.mkdir()

    def make(content: bytes | None, time_s: int, author: str = "t", message: str = "m") -> str:
        if content is None:
            repository.index.remove(FILES[0])
            file.unlink()
        else:
            file.write_bytes(content)
            repository.index.add(FILES[0])
        who = pygit2.Signature(author, "t@example.org", time_s, 0)
        parents = [] if repository.head_is_unborn else [repository.head.target]
        return str(repository.create_commit("HEAD", who, who, message, repository.index.write_tree(), parents))

    return make


def test_versions_come_oldest_first_with_growing_numbers(tmp_path: Path, commit: Commit) -> None:
    """A commit that does not change the file is no version; one with an older time still has a greater number."""
    names = [commit(b"1", 100), commit(b"2", 50), commit(b"2", 60), commit(None, 300), commit(b"3", 400)]
    found = list(History(locate(tmp_path, FILES)))
    assert [version.name for version in found] == [names[0], names[1], names[3], names[4]]
    assert [version.content for version in found] == [b"1", b"2", b"", b"3"]
    assert [version.number for version in found] == [100_000, 100_001, 300_000, 400_000]
    assert [version.time_ms for version in found] == [100_000, 50_000, 300_000, 400_000]


@pytest.mark.parametrize(
    ("author", "message", "expected"),
    [
        ("Ada Lovelace", "Close bd-1", "Ada Lovelace"),
        ("Ada", "Close bd-1\n\nCo-Authored-By: Builder 3 <noreply@example.org>", "Builder 3"),
        ("Ada", "Close bd-1\n\nCo-authored-by: Bob <bob@example.org>", "Ada"),
    ],
)
def test_a_version_is_by_the_agent_that_signed_its_commit_else_by_its_author(
    tmp_path: Path, commit: Commit, author: str, message: str, expected: str
) -> None:
    """A second person who signed does not take the author's place; a file without a commit of its own is by nobody known."""
    commit(b"1", 100, author, message)
    place = locate(tmp_path, FILES)
    assert [version.author for version in History(place)] == [expected]
    assert current(place).author == expected
    place.file.write_bytes(b"2")
    assert current(place).author == ""


def test_the_current_file_has_its_commits_number_when_it_equals_it(tmp_path: Path, commit: Commit) -> None:
    """A check-out's file time says nothing; a changed file is newer than its last commit, even with an older file time."""
    name = commit(b"1", 100)
    found = current(locate(tmp_path, FILES))
    assert (found.name, found.number, found.content) == (name, 100_000, b"1")
    file = tmp_path / FILES[0]
    file.write_bytes(b"2")
    os.utime(file, (200, 200))
    assert (current(locate(file, FILES)).name, current(locate(file, FILES)).number) == ("file", 200_000)
    os.utime(file, (7, 7))
    assert current(locate(file, FILES)).number == 100_001


def test_a_file_outside_git_has_the_time_of_its_change(tmp_path: Path) -> None:
    """It is its own only version."""
    file = tmp_path / "any.jsonl"
    file.write_bytes(b"x")
    os.utime(file, (200, 200))
    found = current(locate(file, FILES))
    assert (found.name, found.number, found.time_ms) == ("file", 200_000, 200_000)


def test_folder_and_file_mean_the_same_place(tmp_path: Path, commit: Commit) -> None:
    """Ids of events contain the path, so it must not depend on how the file was named."""
    commit(b"1", 100)
    assert locate(tmp_path, FILES) == locate(tmp_path / FILES[0], FILES)
    (tmp_path / "old.jsonl").write_bytes(b"")
    assert locate(tmp_path / "old.jsonl", FILES).path == "old.jsonl"


def test_a_bare_repository_has_a_history(tmp_path: Path, commit: Commit) -> None:
    """There is no file, but all its versions."""
    commit(b"1", 100)
    bare = tmp_path / "bare.git"
    pygit2.clone_repository(str(tmp_path), str(bare), bare=True)
    assert [version.content for version in History(locate(bare, FILES))] == [b"1"]
    with pytest.raises(UsageFailure, match="There is no"):
        current(locate(bare, FILES))


def test_what_has_no_history_is_one_sentence(tmp_path: Path) -> None:
    """No folder, no file, no repository, no commit, no commit with the file."""
    with pytest.raises(UsageFailure, match="does not exist"):
        locate(tmp_path / "nowhere", FILES)
    with pytest.raises(UsageFailure, match="There is no"):
        current(locate(tmp_path, FILES))
    with pytest.raises(UsageFailure, match="not in a git repository"):
        History(locate(tmp_path, FILES))
    repository = pygit2.init_repository(str(tmp_path))
    with pytest.raises(UsageFailure, match="no commits yet"):
        History(locate(tmp_path, FILES))
    who = pygit2.Signature("t", "t@example.org", 1, 0)
    repository.create_commit("HEAD", who, who, "m", repository.index.write_tree(), [])
    with pytest.raises(UsageFailure, match="No commit"):
        History(locate(tmp_path, FILES))
