"""An import up to the point where Kafka is needed."""

from pathlib import Path

import pytest

from connectors.app import Connector, Order, Step, prepare
from schemas.failure import UsageFailure

ISSUE = b'{"id": "a", "title": "A", "status": "open", "priority": 1, "issue_type": "task"}\n'


def steps(path: Path, project: str | None = None) -> list[Step]:
    """Return all steps of a plain import of a beads file."""
    return list(prepare(Order("beads", path, project=project)).steps)


def test_the_project_and_its_branches_are_announced_first(tmp_path: Path) -> None:
    """The folder names the project, unless it is given a name."""
    file = tmp_path / "My Repo" / ".beads" / "issues.jsonl"
    file.parent.mkdir(parents=True)
    file.write_bytes(ISSUE)
    for path in (file, tmp_path / "My Repo"):
        changes = steps(path)[0].changes
        assert [(change.entity, change.id) for change in changes] == [("project", "my-repo"), ("branch", "my-repo:main"), ("task", "a")]
    assert steps(file, project="Other Name")[0].changes[0].id == "other-name"


@pytest.mark.parametrize("content", [b"# A heading\n", b"\x00\xff\x00", b"{}\n{}\n"])
def test_a_path_that_is_no_task_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Before anything is sent; the sentence names the file and the line."""
    file = tmp_path / "README.md"
    file.write_bytes(content)
    connectors: tuple[Connector, ...] = ("beads", "taskmaster")
    for connector in connectors:
        if content != b"{}\n{}\n" or connector == "beads":
            with pytest.raises(UsageFailure, match=r"README\.md is no (beads|task-master) file: line 1"):
                prepare(Order(connector, file))


def test_lines_that_cannot_be_read_are_in_the_report(tmp_path: Path) -> None:
    """With the version and the line; the others are imported."""
    file = tmp_path / "issues.jsonl"
    file.write_bytes(b"<<<<<<< HEAD\n" + ISSUE)
    plan = prepare(Order("beads", file))
    assert [(line.commit, line.line, line.text) for line in plan.report.skipped] == [("file", 1, "<<<<<<< HEAD")]


def test_an_empty_file_is_an_empty_project(tmp_path: Path) -> None:
    """Nothing in it is not an error."""
    file = tmp_path / "issues.jsonl"
    file.write_bytes(b"")
    assert [change.entity for change in steps(file)[0].changes] == ["project", "branch"]
