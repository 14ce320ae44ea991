"""Write what is generated from the words: `python -m schemas.bundle [--check]`.

The JSON Schema bundle (2020-12) and the AsyncAPI document in schemas/generated/, the client's TypeScript types in web/src/generated/.
The same sources always give the same bytes. `--check` writes nothing and exits with 1 on a difference.
"""

import difflib
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from pydantic import TypeAdapter

from schemas import asyncapi, contract

ROOT: Final = Path(__file__).resolve().parent.parent
WEB: Final = ROOT / "web"
BANNER: Final = "/** Generated from schemas/contract by `make generate`. Do not edit. */\n\n"
MENTION: Final = re.compile(r"( \* ?\n)? \* This interface was referenced by `\w+`'s JSON-Schema\n \* via the `definition` \"\w+\"\.\n")
ROOT_TYPE: Final = re.compile(r"/\*\*[^/]*\*/\nexport interface Anabranch20 \{\n\[k: string\]: unknown\n\}\n")
"""What json-schema-to-typescript adds for the bundle as a whole; nobody needs it."""
SHOWN_LINES: Final = 40

WRITTEN: Final[Mapping[str, Any]] = {
    "TaskChange": contract.TaskChange,
    "ClientFrame": contract.ClientFrame,
    "BulkRequest": contract.BulkRequest,
    "LoginRequest": contract.LoginRequest,
}
"""What others write and we read: defaults may be left out."""

READ: Final[Mapping[str, Any]] = {
    "Row": contract.Row,
    "OffsetRow": contract.OffsetRow,
    "EpochRow": contract.EpochRow,
    "Update": contract.Update,
    "Bulk": contract.Bulk,
    "Outcome": contract.Outcome,
    "ServerFrame": contract.ServerFrame,
    "BulkAnswer": contract.BulkAnswer,
    "UnchangedAnswer": contract.UnchangedAnswer,
    "TasksAnswer": contract.TasksAnswer,
    "ChangesAnswer": contract.ChangesAnswer,
    "LoginAnswer": contract.LoginAnswer,
    "ProblemDocument": contract.ProblemDocument,
}
"""What we write and others read: fields that we always send are required."""


def bundle() -> dict[str, Any]:
    """Return one JSON Schema with a definition for every public model."""
    inputs = [(name, "validation", TypeAdapter(kind)) for name, kind in WRITTEN.items()]
    outputs = [(name, "serialization", TypeAdapter(kind)) for name, kind in READ.items()]
    named, shared = TypeAdapter.json_schemas([*inputs, *outputs], by_alias=True)  # type: ignore[list-item]  # because the modes are literals
    definitions = dict(shared["$defs"])
    for (name, _mode), schema in named.items():
        definitions.setdefault(str(name), schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "anabranch 2.0",
        "description": "Events, rows, messages, frames and HTTP bodies.",
        "$defs": {name: plain(definitions[name]) for name in sorted(definitions)},
    }


def plain(schema: Any) -> Any:  # noqa: ANN401  because a schema is any JSON
    """Return the schema without the titles that pydantic gives to every property, and without defaults that say nothing."""
    if isinstance(schema, list):
        return [plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if not _noise(key, value)}
    return {key: _properties(value) if key == "properties" else plain(value) for key, value in kept.items()}


def _properties(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(schema) for name, schema in properties.items()}


def _noise(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def json_text(document: Any) -> str:  # noqa: ANN401  because it is any JSON
    """Return indented JSON with a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def typescript(bundled: str) -> str:
    """Return the TypeScript types of a bundle, formatted. Needs the client's npm packages."""
    types = _tool("json2ts", "--unreachableDefinitions", "--additionalProperties=false", "--no-format", "--bannerComment=", text=bundled)
    return _tool(
        "biome",
        "format",
        "--stdin-file-path=src/contract.ts",
        text=BANNER + MENTION.sub("", ROOT_TYPE.sub("", types)).replace("/**\n */\n", ""),
    )


def _tool(name: str, *arguments: str, text: str) -> str:
    command = [str(WEB / "node_modules" / ".bin" / name), *arguments]
    return subprocess.run(command, cwd=WEB, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603  because the client's lock pins the tool


def generated() -> dict[Path, str]:
    """Return the text of every generated file of the schemas."""
    bundled = json_text(bundle())
    generated_here = ROOT / "schemas" / "generated"
    return {
        generated_here / "bundle.json": bundled,
        generated_here / "asyncapi.yaml": yaml.safe_dump(asyncapi.document(), sort_keys=False, allow_unicode=True, width=120),
        WEB / "src" / "generated" / "contract.ts": typescript(bundled),
    }


def write(files: Mapping[Path, str]) -> Iterable[str]:
    """Write what differs; give a line per file."""
    for path, text in files.items():
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            yield f"written: {_name(path)}"


def differences(files: Mapping[Path, str]) -> Iterable[str]:
    """Give the first lines of what writing would change."""
    for path, text in files.items():
        old = path.read_text() if path.is_file() else ""
        name = _name(path)
        diff = list(difflib.unified_diff(old.splitlines(), text.splitlines(), name, f"{name} (generated)", lineterm="", n=1))
        yield from diff[:SHOWN_LINES]
        if diff:
            yield f"{name} is not what the sources say: run `make generate` and commit the result."


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def main(arguments: list[str], files: Mapping[Path, str]) -> int:
    """Run the command for these files. Return the exit code."""
    checking = "--check" in arguments
    lines = list(differences(files) if checking else write(files))
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines and checking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], generated()))
