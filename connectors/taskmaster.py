"""Task Master: `.taskmaster/tasks/tasks.json`, one JSON object. Pure: bytes in, a board out.

A tag is a branch; a file without tags (an object with a list `tasks`) is branch `master`. Ids are scoped by tag:
task `master:5`, its subtask `master:5.2`. docs/reference/mapping.md has the table.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from connectors.board import MAX_LIST, Board, Item, Problem, Reading, bounded, cut
from connectors.words import TASK_MASTER_STATUS, texts, word
from schemas.events import Fields, decode_any
from schemas.words import DEFAULT_PRIORITY, DEFAULT_STATUS

NAME: Final = "task-master"
FILES: Final = (".taskmaster/tasks/tasks.json", "tasks/tasks.json")
MASTER: Final = "master"
_PROBLEM_CHARS: Final = 60
_encode = msgspec.json.Encoder(order="sorted").encode
_PLACE: Final = re.compile(r"byte (\d+)")


class Reader:
    """Reads version after version. The result depends on the bytes only, with one exception.

    A version that is no task file at all (a merge left its marks in it) reads as the one before it, with a problem.
    project_id: of the project that is read; it makes branch ids unique among projects. An entry that stays broken is listed once.
    """

    def __init__(self, project_id: str) -> None:
        self._project_id = project_id
        self._last = Reading(Board())

    def read(self, content: bytes) -> Reading:
        """Return the board of one version of the file, with what could not be taken. Never raises on content."""
        tags = _tags(content) if content.strip() else {}
        if isinstance(tags, Problem):
            return Reading(self._last.board, (tags,))
        found = _Found()
        for tag, entries in tags.items():
            found.add_tag(tag, branch_id(self._project_id, tag), entries)
        news = tuple(problem for problem in found.problems if problem not in self._last.problems)
        self._last = Reading(found.board, tuple(found.problems), found.repeated)
        return Reading(found.board, news, found.repeated)


class _Found:
    """A board while it is being read."""

    def __init__(self) -> None:
        self.board = Board()
        self.problems: list[Problem] = []
        self.repeated = 0

    def add_tag(self, tag: str, home: str, entries: list[Any]) -> None:
        self.board.branches[home] = tag
        for task, own in self._entries(entries, f"{tag}:", self.board.tasks):
            data = Fields(
                title=_title(task),
                status=word(task.get("status"), TASK_MASTER_STATUS, DEFAULT_STATUS),
                priority=word(task.get("priority"), {}, DEFAULT_PRIORITY),
                dependencies=_dependencies(task, f"{tag}:", f"{tag}:"),
            )
            self.board.tasks[own] = Item(own, home, _encode({**task, "subtasks": None}), data)
            self._add_subtasks(task, tag, home, own)

    def _add_subtasks(self, task: dict[str, Any], tag: str, home: str, task_id: str) -> None:
        listed = task.get("subtasks")
        prefix = f"{tag}:{_plain(task['id'])}."
        for subtask, own in self._entries(listed if isinstance(listed, list) else [], f"{task_id}.", self.board.subtasks):
            data = Fields(
                title=_title(subtask),
                status=word(subtask.get("status"), TASK_MASTER_STATUS, DEFAULT_STATUS),
                dependencies=_dependencies(subtask, prefix, f"{tag}:"),
            )
            self.board.subtasks[own] = Item(own, home, _encode(subtask), data, task_id)

    def _entries(self, entries: list[Any], prefix: str, taken: dict[str, Item]) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield each entry with its id; an id that another entry has already gets `#2`, `#3`: nothing that is there is lost."""
        for place, entry in enumerate(entries, start=1):
            if not isinstance(entry, dict) or (name := _plain(entry.get("id"))) is None:
                self.problems.append(Problem(0, f"entry {place} of {prefix[:-1]} has no id", repr(entry)[:_PROBLEM_CHARS]))
                continue
            own, count = bounded(prefix + name), 1
            while own in taken:
                count += 1
                own = bounded(f"{prefix}{name}#{count}")
            self.repeated += count > 1
            yield entry, own


def branch_id(project_id: str, tag: str) -> str:
    """Return the id of a branch: unique among projects, since answers map branches of several projects by id."""
    return bounded(f"{project_id}:{tag}")


def _tags(content: bytes) -> dict[str, list[Any]] | Problem:
    try:
        top = decode_any(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        place = _PLACE.search(str(error))
        line = 1 if place is None else content.count(b"\n", 0, int(place[1])) + 1
        text = content.split(b"\n")[line - 1][:_PROBLEM_CHARS].decode(errors="replace")
        return Problem(line, f"not JSON: {error}", text)
    if not isinstance(top, dict):
        return Problem(1, "not a Task Master file: no object at the top")
    plain = {MASTER: top["tasks"]} if isinstance(top.get("tasks"), list) else {}
    tags = {tag: group["tasks"] for tag, group in top.items() if isinstance(group, dict) and isinstance(group.get("tasks"), list)}
    if top and not plain and not tags:
        return Problem(1, "not a Task Master file: neither a list `tasks` nor a tag with one")
    return {**plain, **tags}


def _title(entry: dict[str, Any]) -> str:
    title = entry.get("title")
    return cut(title) if isinstance(title, str) else ""


def _plain(value: object) -> str | None:
    """Return an id as text (numbers and texts are ids), None when it is none. Real files mix 5, "5" and 5.1."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _dependencies(entry: dict[str, Any], sibling: str, tag: str) -> list[str]:
    """Return scoped ids: a plain number names a sibling, `5.2` the second subtask of task 5."""
    listed = entry.get("dependencies")
    names = [name for value in (listed if isinstance(listed, list) else []) if (name := _plain(value)) is not None]
    return texts([bounded((tag if "." in name else sibling) + name) for name in names], MAX_LIST)
