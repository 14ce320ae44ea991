"""The file that says where things are."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.postgres.mapping import DEFAULT, load_mapping
from schemas.failure import UsageFailure


def write(path: Path, **changes: Any) -> Path:  # noqa: ANN401  because a mapping has values of every kind
    """Write AgentHub's mapping with changes; None leaves a part out."""
    content = {**yaml.safe_load(DEFAULT.read_text()), **changes}
    file = path / "mapping.yaml"
    file.write_text(yaml.safe_dump({name: value for name, value in content.items() if value is not None}))
    return file


def test_the_default_is_agenthubs_schema() -> None:
    """Parents come before their children, lists before the tasks that carry them."""
    mapping = load_mapping(None)
    names = [part.table for part in mapping.parts]
    assert names == ["projects", "project_git_branchs", "task_assignees", "task_dependencies", "tasks", "subtasks"]
    assert mapping.task.place == ("public", "tasks")
    assert mapping.task.columns[:3] == ("id", "git_branch_id", "updated_at")


def test_only_what_is_there_is_needed(tmp_path: Path) -> None:
    """No subtasks, no lists; other schemas; keys of several columns; members in a table of their own."""
    members = {"table": "app.user_projects", "id": ["user_id", "project_id"], "project": "project_id", "user": "user_id", "role": "role"}
    mapping = load_mapping(write(tmp_path, subtask=None, lists=None, members=members))
    assert [part.place for part in mapping.parts][1] == ("app", "user_projects")
    assert mapping.members is not None
    assert (mapping.members.key, mapping.members.columns) == (("user_id", "project_id"), ("user_id", "project_id", "role"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"task": None}, "task: Field required"),
        ({"zone": "Middle/Earth"}, "zone: it is no time zone"),
        ({"source": "nobody"}, "source: Input should be"),
        ({"task": {"table": "tasks", "fields": {"title": "title"}}}, "task.parent is missing"),
        ({"task": {"table": "tasks", "parent": "b", "fields": {"headline": "title"}}}, "task.fields.headline"),
        ({"tasks": {}}, "tasks: Extra inputs"),
        ({"subtask": {"table": "tasks", "parent": "b", "fields": {}}}, "two parts name the same table"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    """With its place in the file."""
    with pytest.raises(UsageFailure, match=sentence):
        load_mapping(write(tmp_path, **changes))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """Not there, or no YAML."""
    with pytest.raises(UsageFailure, match="cannot be read"):
        load_mapping(tmp_path / "none")
    (tmp_path / "bad").write_text("a: [")
    with pytest.raises(UsageFailure, match="is no YAML"):
        load_mapping(tmp_path / "bad")
