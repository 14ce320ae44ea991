"""Task Master's object becomes a board."""

import json

import pytest

from connectors.board import Reading
from connectors.taskmaster import Reader


def read(content: object) -> Reading:
    """Return what a fresh reader makes of an object."""
    return Reader("p").read(json.dumps(content).encode())


def task(row_id: object, **fields: object) -> dict[str, object]:
    """Return one task as the file has it."""
    return {"id": row_id, "title": f"T{row_id}", "status": "pending", "priority": "high", "dependencies": [], **fields}


def test_a_tag_is_a_branch_and_scopes_the_ids() -> None:
    """The same number in two tags is two tasks."""
    board = read({"a": {"tasks": [task(1)]}, "b": {"tasks": [task(1), task(2)], "metadata": {}}, "empty": {"tasks": []}}).board
    assert board.branches == {"p:a": "a", "p:b": "b", "p:empty": "empty"}
    assert {row_id: item.branch_id for row_id, item in board.tasks.items()} == {"a:1": "p:a", "b:1": "p:b", "b:2": "p:b"}


def test_a_file_without_tags_is_branch_master() -> None:
    """The old form and the tag `master` are the same rows, so that a file's conversion changes nothing."""
    plain = read({"tasks": [task(1, subtasks=[task(1)])], "meta": {"projectName": "x"}}).board
    assert plain.branches == {"p:master": "master"}
    assert plain == read({"master": {"tasks": [task(1, subtasks=[task(1)])]}}).board


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("pending", "todo"),
        ("in-progress", "in_progress"),
        ("done", "done"),
        ("completed", "done"),
        ("review", "review"),
        ("cancelled", "cancelled"),
        ("deferred", "deferred"),
        ("", "todo"),
        (7, "todo"),
    ],
)
def test_statuses_are_mapped(theirs: object, ours: str) -> None:
    """Unknown words keep their own name; no word is todo."""
    assert read({"tasks": [task(1, status=theirs)]}).board.tasks["master:1"].data.status == ours


def test_subtasks_and_dependencies_are_kept() -> None:
    """Dependencies are scoped like ids: of a task on tasks, of a subtask on its siblings, `1.2` on a subtask."""
    board = read({"t": {"tasks": [task(1, dependencies=["2", 3, "4.1"], subtasks=[task(1), task(2, dependencies=[1, "4.1"])])]}}).board
    assert board.tasks["t:1"].data.dependencies == ["t:2", "t:3", "t:4.1"]
    assert board.subtasks["t:1.2"].data.dependencies == ["t:1.1", "t:4.1"]
    assert board.subtasks["t:1.2"].task_id == "t:1"
    assert board.subtasks["t:1.2"].branch_id == "p:t"


def test_real_files_mix_kinds_of_ids() -> None:
    """Numbers, texts and decimals are ids; a repeated id gets a number, so that no entry is lost."""
    reading = read({"tasks": [task(42, subtasks=[task("42-1"), task(92.1), task(42), task(42), task(3.0)])]})
    assert list(reading.board.subtasks) == [f"master:42.{name}" for name in ("42-1", "92.1", "42", "42#2", "3")]
    assert reading.repeated == 1


def test_an_entry_without_an_id_is_listed_once() -> None:
    """The rest of the file is read."""
    reader = Reader("p")
    content = json.dumps({"tasks": [task(None), "odd", task(1, subtasks=[{"title": "x"}])]}).encode()
    first = reader.read(content)
    assert [problem.reason for problem in first.problems] == [
        "entry 1 of master has no id",
        "entry 2 of master has no id",
        "entry 1 of master:1 has no id",
    ]
    assert list(first.board.tasks) == ["master:1"]
    assert reader.read(content).problems == ()


def test_a_version_that_is_no_task_file_reads_as_the_one_before() -> None:
    """A merge's marks do not delete all tasks; the problem names the line."""
    reader = Reader("p")
    before = reader.read(json.dumps({"tasks": [task(1)]}).encode()).board
    broken = reader.read(b'{"tasks": [\n<<<<<<< HEAD\n')
    assert broken.board == before
    assert broken.problems[0].line == 2


@pytest.mark.parametrize("content", [b"[]", b'{"a": 1}', b"7", b'{"tasks": {}}'])
def test_other_json_is_no_task_file(content: bytes) -> None:
    """It is a problem, not an empty file."""
    assert Reader("p").read(content).problems


@pytest.mark.parametrize("content", [b"", b" \n", b"{}", b'{"tasks": []}'])
def test_an_empty_file_has_no_tasks(content: bytes) -> None:
    """Nothing in it is no problem."""
    reading = Reader("p").read(content)
    assert reading.board.tasks == {}
    assert reading.problems == ()
