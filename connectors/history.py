"""Versions of one file: from git, oldest first, or the file as it lies there. Shell around pygit2 and the file system.

A version's number grows with the file's own order, on every machine alike: milliseconds of the commit's time, but always above
the version before it (commit times are not in order in real histories). Numbers survive shallow clones and rewritten histories,
where a count of commits would start anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pygit2
from msgspec import Struct
from pygit2.enums import SortMode

from schemas.failure import UsageFailure

_MS: Final = 1000
_SIGNED: Final = re.compile(rb"^co-authored-by:[ \t]*([^<\n]+?)[ \t]*<no-?reply@", re.IGNORECASE | re.MULTILINE)
"""Agents sign the commits that they make for a person, with an address that takes no mail; people give theirs."""


class Place(Struct, frozen=True):
    """A task file: where it lies, the folder that it belongs to, and its path in there (posix)."""

    file: Path
    root: Path
    path: str


class Version(Struct, frozen=True):
    """One version of a file. `name` is the commit's id, or `file`; `number` and `time_ms` are milliseconds since 1970.

    author: the agent that signed the commit, else who made it; empty where it is no commit's.
    """

    name: str
    number: int
    time_ms: int
    content: bytes
    author: str = ""


def locate(given: Path, candidates: tuple[str, ...]) -> Place:
    """Return the task file that a path means: the file itself, or one of the candidates in a folder. Raises `UsageFailure`."""
    path = given.expanduser().resolve()
    if path.is_file():
        return _in_its_folder(path, candidates)
    if not path.is_dir():
        raise UsageFailure(f"{given} does not exist: give a repository's folder or the task file itself.")
    found = next((name for name in candidates if (path / name).is_file()), candidates[0])
    return Place(path / found, path, found)


def current(place: Place) -> Version:
    """Return the file as it lies there. Where it equals its last commit, it has that commit's number. Raises `UsageFailure`."""
    try:
        content = place.file.read_bytes()
        changed_ms = int(place.file.stat().st_mtime * _MS)
    except FileNotFoundError:
        raise UsageFailure(f"There is no {place.path} in {place.root}: give the folder that has it, or the file itself.") from None
    except OSError as error:
        raise UsageFailure(f"{place.file} cannot be read ({error.strerror}).") from None
    return version_of(place, content, changed_ms)


def version_of(place: Place, content: bytes, changed_ms: int) -> Version:
    """Return the version that a content of the file is: its last commit's where it equals it, else one above of its own."""
    commits = _commits_if_any(place)
    if not commits:
        return Version("file", changed_ms, changed_ms, content)
    last = commits[-1]
    if last.blob is not None and last.blob == pygit2.hash(content):
        return Version(last.name, last.number, last.time_ms, content, last.author)
    return Version("file", max(changed_ms, last.number + 1), changed_ms, content)


class _Commit(Struct, frozen=True):
    name: str
    number: int
    time_ms: int
    blob: pygit2.Oid | None
    author: str


class History:
    """All versions of a file along the first parents of HEAD, oldest first. Raises `UsageFailure` when there is none."""

    def __init__(self, place: Place) -> None:
        self._repository, path = _repository(place)
        if self._repository.head_is_unborn:
            raise UsageFailure(f"The git repository at {place.root} has no commits yet: import without --history.")
        self._commits = list(_walk(self._repository, path))
        if not self._commits:
            raise UsageFailure(f"No commit of the git repository at {place.root} has the file {path}: import without --history.")

    def __len__(self) -> int:
        return len(self._commits)

    def __iter__(self) -> Iterator[Version]:
        for commit in self._commits:
            content = b"" if commit.blob is None else self._repository[commit.blob].read_raw()
            yield Version(commit.name, commit.number, commit.time_ms, content, commit.author)


def _in_its_folder(file: Path, candidates: tuple[str, ...]) -> Place:
    for name in candidates:
        depth = name.count("/")
        if len(file.parents) > depth and file == file.parents[depth] / name:
            return Place(file, file.parents[depth], name)
    repository = pygit2.discover_repository(str(file.parent))
    top = None if repository is None else _top(_open(repository))
    root = top if top is not None and file.is_relative_to(top) else file.parent
    return Place(file, root, file.relative_to(root).as_posix())


def _repository(place: Place) -> tuple[pygit2.Repository, str]:
    found = pygit2.discover_repository(str(place.root))
    if found is None:
        raise UsageFailure(f"{place.root} is not in a git repository, so there is no history: import without --history.")
    repository = _open(found)
    top = _top(repository)
    inside = top is not None and place.file.is_relative_to(top)
    return repository, place.file.relative_to(top).as_posix() if top is not None and inside else place.path


def _open(found: str) -> pygit2.Repository:
    try:
        return pygit2.Repository(found)
    except pygit2.GitError as error:
        raise UsageFailure(f"The git repository {found} cannot be opened: {error}.") from None


def _top(repository: pygit2.Repository) -> Path | None:
    return None if repository.is_bare else Path(repository.workdir).resolve()


def _commits_if_any(place: Place) -> list[_Commit]:
    try:
        repository, path = _repository(place)
    except UsageFailure:
        return []
    return [] if repository.head_is_unborn else list(_walk(repository, path))


def _walk(repository: pygit2.Repository, path: str) -> Iterator[_Commit]:
    """Yield the commits in which the file differs from its first parent's."""
    walker = repository.walk(repository.head.target, SortMode.TOPOLOGICAL | SortMode.REVERSE)
    walker.simplify_first_parent()
    before: pygit2.Oid | None = None
    number = 0
    for commit in walker:
        blob = _blob(commit, path)
        if blob != before:
            time_ms = commit.commit_time * _MS
            number = max(time_ms, number + 1)
            yield _Commit(str(commit.id), number, time_ms, blob, _author(commit))
            before = blob


def _author(commit: pygit2.Commit) -> str:
    """Return the agent's name where one signed, else the author's, in whatever encoding it is."""
    signed = _SIGNED.search(commit.raw_message)
    name = signed[1] if signed is not None else commit.author.raw_name or b""
    return " ".join(name.decode(errors="replace").split())


def _blob(commit: pygit2.Commit, path: str) -> pygit2.Oid | None:
    try:
        entry = commit.tree[path]
    except KeyError:
        return None
    return entry.id if isinstance(entry, pygit2.Blob) else None
