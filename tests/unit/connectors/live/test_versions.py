"""Numbers of what is seen live."""

from pathlib import Path

import pygit2
import pytest

from connectors.app import Connector
from connectors.history import Place
from connectors.live.versions import may_be_whole, next_version


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a file with one commit at 100 s, content `1`."""
    repository = pygit2.init_repository(str(tmp_path))
    file = tmp_path / "f"
    file.write_bytes(b"1")
    repository.index.add("f")
    who = pygit2.Signature("t", "t@example.org", 100, 0)
    repository.create_commit("HEAD", who, who, "m", repository.index.write_tree(), [])
    return Place(file, tmp_path, "f")


def test_what_a_commit_has_is_numbered_as_the_commit(place: Place) -> None:
    """So an import of the history has the same ids."""
    found = next_version(place, b"1", 200_000, 0)
    assert (len(found.name), found.number, found.time_ms) == (40, 100_000, 100_000)


def test_numbers_only_grow(place: Place) -> None:
    """A content that comes back is newer than what it replaces; so is a file with an old time, and one that went."""
    assert next_version(place, b"1", 200_000, 150_000).number == 200_000
    assert next_version(place, b"1", 120_000, 150_000).number == 150_001
    assert (next_version(place, b"2", 120_000, 0).name, next_version(place, b"2", 120_000, 0).number) == ("file", 120_000)
    gone = next_version(place, None, 0, 150_000)
    assert (gone.number, gone.content) == (150_001, b"")


@pytest.mark.parametrize(
    ("connector", "content", "before", "whole"),
    [
        ("beads", b'{"id": "a"}\n{"id": "b"}\n', b"", True),
        ("beads", b'{"id": "a"}\n{"id": "b"}', b"", True),
        ("beads", b'{"id": "a"}\n{"id"', b"", False),
        ("beads", b"<<<<\n" + b'{"id": "b"}\n', b"", True),
        ("beads", b"", b"", False),
        ("beads", b'{"id": "a"}\n', b'{"id": "a"}\n' * 3, False),
        ("taskmaster", b'{"tasks": []}', b"", True),
        ("taskmaster", b'{"tasks": [', b"", False),
        ("taskmaster", b'\n{"tasks": [\xff]}', b"", False),
    ],
)
def test_a_content_that_may_be_half_is_given_time(connector: Connector, content: bytes, before: bytes, *, whole: bool) -> None:
    """Nothing, a last line that is no JSON, or much less than before."""
    assert may_be_whole(connector, content, before) is whole
