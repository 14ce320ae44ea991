"""beads' lines become a board."""

import json
from typing import Any

from connectors.beads import Reader


def line(row_id: str, **fields: object) -> bytes:
    """Return one issue as its line."""
    return json.dumps({"id": row_id, "title": row_id.upper(), "status": "open", "priority": 2, "issue_type": "task", **fields}).encode()


def child_of(row_id: str, *parents: str) -> list[dict[str, str]]:
    """Return the dependencies of an issue with these parents."""
    return [{"issue_id": row_id, "depends_on_id": parent, "type": "parent-child"} for parent in parents]


def homes(*lines: bytes) -> dict[str, str]:
    """Return the branch of each task."""
    return {row_id: item.branch_id for row_id, item in Reader("p").read(b"\n".join(lines)).board.tasks.items()}


def test_an_epics_children_live_in_its_branch_and_all_others_in_main() -> None:
    """The epic too; a child of a task, of a dead epic or of nothing lives in main."""
    found = homes(
        line("e", issue_type="epic"),
        line("a", dependencies=child_of("a", "e")),
        line("b", dependencies=child_of("b", "a")),
        line("c", dependencies=child_of("c", "gone")),
        line("d"),
    )
    assert found == {"e": "p:e", "a": "p:e", "b": "p:main", "c": "p:main", "d": "p:main"}


def test_a_nested_epic_has_its_own_branch() -> None:
    """An epic inside an epic lives in its own branch, so its children find one place; the first live epic parent decides."""
    found = homes(
        line("e", issue_type="epic"),
        line("f", issue_type="epic", dependencies=child_of("f", "e")),
        line("a", dependencies=child_of("a", "x", "f", "e")),
    )
    assert found == {"e": "p:e", "f": "p:f", "a": "p:f"}


def test_branches_are_named_by_the_epics_titles() -> None:
    """`main` is always there; an epic without a title is named by its id."""
    board = Reader("p").read(b"\n".join([line("e", issue_type="epic", title="Big  thing"), line("f", issue_type="epic", title="")])).board
    assert board.branches == {"p:main": "main", "p:e": "Big thing", "p:f": "f"}


def test_words_are_mapped() -> None:
    """Closed = done, open = todo, 0..4 = critical, high, medium, low, low; unknown words keep their own name."""
    rows = [line(f"s{n}", status=status) for n, status in enumerate(("open", "in_progress", "blocked", "closed", "hooked", None))]
    rows += [line(f"p{n}", priority=priority) for n, priority in enumerate((0, 1, 2, 3, 4, 7, None))]
    tasks = Reader("p").read(b"\n".join(rows)).board.tasks
    assert [tasks[f"s{n}"].data.status for n in range(6)] == ["todo", "in_progress", "blocked", "done", "hooked", "todo"]
    assert [tasks[f"p{n}"].data.priority for n in range(7)] == ["critical", "high", "medium", "low", "low", "7", None]


def test_a_tombstone_is_a_deleted_issue() -> None:
    """It is no task, and its epic is no branch."""
    board = (
        Reader("p").read(b"\n".join([line("e", issue_type="epic", status="tombstone"), line("a", dependencies=child_of("a", "e"))])).board
    )
    assert list(board.tasks) == ["a"]
    assert board.gone == {"e"}
    assert board.branches == {"p:main": "main"}


def test_lines_that_cannot_be_parsed_are_listed_once_and_skipped() -> None:
    """A merge's marks, half a line, no id, no object: each with its line number; a later version lists only new ones."""
    reader = Reader("p")
    content = b"\n".join([b"<<<<<<< HEAD", line("a"), b"=======", b'{"id": "b", ', b'{"title": "x"}', b"[1]", b'{"id": ""}', b"\xff"])
    first = reader.read(content)
    assert [problem.line for problem in first.problems] == [1, 3, 4, 5, 6, 7, 8]
    assert list(first.board.tasks) == ["a"]
    assert reader.read(content).problems == ()
    assert [problem.line for problem in reader.read(content + b"\n>>>>>>> theirs").problems] == [9]


def test_of_two_lines_with_one_id_the_last_counts() -> None:
    """Every live issue is one task."""
    reading = Reader("p").read(line("a", title="old") + b"\n\n" + line("a", title="new") + b"\r\n")
    assert reading.board.tasks["a"].data.title == "new"
    assert reading.repeated == 1
    assert reading.problems == ()


def test_links_of_one_kind_only_are_dependencies() -> None:
    """What blocks an issue is a dependency; a parent is `parent_id`; odd links are left out."""
    links: list[Any] = [
        {"depends_on_id": "x", "type": "blocks"},
        {"depends_on_id": "y", "type": "related"},
        {"depends_on_id": "e", "type": "parent-child"},
        {"type": "blocks"},
        "odd",
    ]
    data = Reader("p").read(line("a", dependencies=links, labels=["l", 1], assignee="ann")).board.tasks["a"].data
    assert (data.dependencies, data.parent_id, data.labels, data.assignees) == (["x"], "e", ["l"], ["ann"])


def test_an_unchanged_line_gives_the_very_same_item() -> None:
    """Reading the next version costs what changed in it."""
    reader = Reader("p")
    first = reader.read(line("a") + b"\n" + line("b")).board.tasks
    second = reader.read(line("a") + b"\n" + line("b", status="closed")).board.tasks
    assert second["a"] is first["a"]
    assert second["b"] is not first["b"]
