"""The generated files are exactly what the sources say, and the schema bundle is a valid JSON Schema."""

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from schemas.bundle import WEB, bundle, differences, generated, json_text, main, plain, write
from schemas.messages import Cascade, Metadata, Position, Update, UpdateData, UpdatePayload, encode_message
from schemas.rows import ProjectSummary, TaskSummary, encode_row

COMMITTED = Path("schemas/generated/bundle.json")


def schema_of(name: str) -> dict[str, Any]:
    """Return the committed schema of one model."""
    return {**msgspec.json.decode(COMMITTED.read_bytes()), "$ref": f"#/$defs/{name}"}


def test_the_committed_bundle_is_what_the_models_say() -> None:
    """The same sources always give the same bytes."""
    assert COMMITTED.read_text() == json_text(bundle())


def test_the_bundle_is_a_json_schema() -> None:
    """Of the dialect that it names."""
    jsonschema.Draft202012Validator.check_schema(bundle())


def test_a_frame_of_the_hot_path_fits_the_schema() -> None:
    """A message of the worker with its order in front is a ServerFrame, and without it is not."""
    task = msgspec.Raw(encode_row(TaskSummary(id="t", project_id="p", branch_id="b", stamp=4)))
    cascade = Cascade(projects=[msgspec.Raw(encode_row(ProjectSummary(id="p", name="P", stamp=4)))])
    metadata = Metadata(source="user", position=Position(0, 5))
    message = encode_message(Update("m", "project:p", 1, UpdatePayload("task", "patch", UpdateData(task, cascade)), metadata))
    validator = jsonschema.Draft202012Validator(schema_of("ServerFrame"))

    assert validator.is_valid(msgspec.json.decode(b'{"sequence":5,"prev":4,"epoch":"e",' + message[1:]))
    assert not validator.is_valid(msgspec.json.decode(message))


def test_titles_and_empty_defaults_are_noise() -> None:
    """A property that is called title stays."""
    schema = {"title": "T", "properties": {"title": {"title": "Title", "default": None, "type": "string"}}, "anyOf": [{"title": "X"}]}

    assert plain(schema) == {"properties": {"title": {"type": "string"}}, "anyOf": [{}]}


def test_the_committed_types_are_what_the_bundle_says() -> None:
    """TypeScript is generated, never edited."""
    if not (WEB / "node_modules" / ".bin" / "json2ts").exists():
        pytest.skip("the client's npm packages are not installed")

    assert list(differences(generated())) == []


def test_writing_twice_writes_once(tmp_path: Path) -> None:
    """And then there is no difference."""
    path = tmp_path / "new" / "a.txt"

    assert list(differences({path: "one\n"}))[-1].startswith(f"{path} is not what the sources say")
    assert list(write({path: "one\n"})) == [f"written: {path}"]
    assert list(write({path: "one\n"})) == []
    assert list(differences({path: "one\n"})) == []


def test_check_says_what_would_change(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and the command that mends it; 0 and silence when all is as it should be."""
    committed = COMMITTED.resolve()

    assert main(["--check"], {committed: "other\n"}) == 1
    assert "make generate" in capsys.readouterr().out
    assert main(["--check"], {committed: COMMITTED.read_text()}) == 0
    assert main([], {committed: COMMITTED.read_text()}) == 0
    assert capsys.readouterr().out == ""
