"""beads: `.beads/issues.jsonl`, one issue per line. Pure: bytes in, a board out.

Every live issue is exactly one task. A live epic has a branch (named by its title) in which it lives itself; an issue whose
first live epic parent is E lives in E's branch; all others live in `main`. docs/reference/mapping.md has the table.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from connectors.board import MAX_LIST, Board, Item, Problem, Reading, bounded, cut
from connectors.words import BEADS_DEAD, BEADS_STATUS, beads_priority, texts, word
from schemas.events import Fields
from schemas.words import DEFAULT_STATUS

NAME: Final = "beads"
FILES: Final = (".beads/issues.jsonl",)
MAIN: Final = "main"
_PROBLEM_CHARS: Final = 60
_BLOCKING: Final = frozenset({"blocks", "blocked-by"})


class _Line(Struct):
    """The fields that are carried, as loosely typed as real files are."""

    id: str
    title: Any = ""
    status: Any = None
    priority: Any = None
    issue_type: Any = None
    assignee: Any = None
    labels: Any = None
    dependencies: Any = None


class _Issue(Struct, frozen=True):
    id: str
    raw: bytes
    live: bool
    epic: bool
    parents: tuple[str, ...]
    data: Fields


_decode = msgspec.json.Decoder(_Line).decode


class Reader:
    """Reads version after version; lines that stay the same are parsed once. The result depends on the bytes only.

    project_id: of the project that is read; it makes branch ids unique among projects. `problems` of a reading are those of
    its new lines, so a line that stays broken is listed once.
    """

    def __init__(self, project_id: str) -> None:
        self._project_id = project_id
        self._lines: dict[bytes, _Issue | Problem] = {}
        self._items: dict[str, tuple[_Issue, Item]] = {}

    def read(self, content: bytes) -> Reading:
        """Return the board of one version of the file, with what could not be taken. Never raises on content."""
        lines: dict[bytes, _Issue | Problem] = {}
        issues: dict[str, _Issue] = {}
        problems: list[Problem] = []
        repeated = 0
        for number, text in enumerate(content.split(b"\n"), start=1):
            line = text.strip()
            if not line:
                continue
            found = lines[line] = self._lines.get(line) or _parse(line, number)
            if isinstance(found, Problem):
                if line not in self._lines:
                    problems.append(found)
                continue
            repeated += found.id in issues
            issues[found.id] = found
        self._lines = lines
        return Reading(self._board(issues), tuple(problems), repeated)

    def _board(self, issues: dict[str, _Issue]) -> Board:
        live = {issue.id: issue for issue in issues.values() if issue.live}
        epics = {row_id: branch_id(self._project_id, row_id) for row_id, issue in live.items() if issue.epic}
        main = branch_id(self._project_id, MAIN)
        names = {epics[row_id]: live[row_id].data.title or row_id for row_id in epics}
        tasks = {row_id: self._item(issue, _home(issue, epics, main)) for row_id, issue in live.items()}
        self._items = {row_id: (live[row_id], item) for row_id, item in tasks.items()}
        return Board({main: MAIN, **names}, tasks, {}, frozenset(issues.keys() - live.keys()))

    def _item(self, issue: _Issue, home: str) -> Item:
        known = self._items.get(issue.id)
        if known is not None and known[0] is issue and known[1].branch_id == home:
            return known[1]
        return Item(issue.id, home, issue.raw, issue.data)


def branch_id(project_id: str, name: str) -> str:
    """Return the id of a branch: unique among projects, since answers map branches of several projects by id."""
    return bounded(f"{project_id}:{name}")


def _home(issue: _Issue, epics: dict[str, str], main: str) -> str:
    if issue.epic:
        return epics[issue.id]
    return next((epics[parent] for parent in issue.parents if parent in epics), main)


def _parse(line: bytes, number: int) -> _Issue | Problem:
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Problem(number, f"not an issue: {error}", line[:_PROBLEM_CHARS].decode(errors="replace"))
    if not found.id:
        return Problem(number, "not an issue: its id is empty", line[:_PROBLEM_CHARS].decode(errors="replace"))
    links = [link for link in found.dependencies if isinstance(link, dict)] if isinstance(found.dependencies, list) else []
    parents = tuple(bounded(link["depends_on_id"]) for link in links if _is_link(link, frozenset({"parent-child"})))
    data = Fields(
        title=cut(found.title) if isinstance(found.title, str) else "",
        status=word(found.status, BEADS_STATUS, DEFAULT_STATUS),
        priority=beads_priority(found.priority),
        assignees=[found.assignee] if isinstance(found.assignee, str) and found.assignee else [],
        labels=texts(found.labels, MAX_LIST),
        dependencies=texts([bounded(link["depends_on_id"]) for link in links if _is_link(link, _BLOCKING)], MAX_LIST),
        parent_id=parents[0] if parents else None,
    )
    return _Issue(bounded(found.id), line, found.status != BEADS_DEAD, found.issue_type == "epic", parents, data)


def _is_link(link: dict[str, Any], kinds: frozenset[str]) -> bool:
    return link.get("type") in kinds and isinstance(link.get("depends_on_id"), str)
