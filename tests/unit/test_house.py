"""The rules of the house that no linter knows: sizes, names, the mirror of the tests, locks without addresses."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("schemas", "broker", "streams", "api", "connectors", "audit", "analytics", "archive", "cli", "benchmarks", "tools")
PURE: Final = ("schemas", "streams/domain", "api/protocol")
MAX_LINES: Final = 300
FORBIDDEN: Final = re.compile(r"(^|_)(utils?|helpers?|common|managers?|services?)($|_)", re.IGNORECASE)
CLASS_NAMES: Final = re.compile(r"(Utils?|Helpers?|Common|Managers?|Services?)($|[A-Z])")
ADDRESS: Final = re.compile(r"://|^\s*--(index|extra-index|find-links|trusted)", re.MULTILINE)


def tracked(*suffixes: str) -> list[Path]:
    """Return the repository's files of these endings, committed or not yet."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return sorted({ROOT / name for name in listing.split("\0") if name.endswith(suffixes) and (ROOT / name).is_file()})


def short(path: Path) -> str:
    """Return the path as people write it."""
    return str(path.relative_to(ROOT))


def modules(*folders: str) -> Iterator[Path]:
    """Give the modules of these packages."""
    for path in tracked(".py"):
        if any(path.is_relative_to(ROOT / folder) for folder in folders) and path.name != "__init__.py":
            yield path


def acts(path: Path) -> bool:
    """Return whether a module has a function or a method: what only names things is tested by its users."""
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_text())))


def test_no_file_is_too_long() -> None:
    """At most 300 lines, Python and TypeScript alike; generated files are not written by anybody."""
    sources = [path for path in tracked(".py", ".ts", ".tsx", ".mjs", ".css", ".sh") if "generated" not in path.parts]

    assert {short(path): count for path in sources if (count := len(path.read_text().splitlines())) > MAX_LINES} == {}


def test_no_name_says_nothing() -> None:
    """No utils, helpers, common, manager or service: neither a folder, a file nor a class."""
    paths = [
        short(path)
        for path in tracked(".py", ".ts", ".mjs")
        for part in path.relative_to(ROOT).parts
        if FORBIDDEN.search(part.split(".")[0])
    ]
    classes = [
        f"{short(path)}: {node.name}"
        for path in modules(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and CLASS_NAMES.search(node.name)
    ]

    assert paths + classes == []


def mirrored(test: Path) -> bool:
    """Return whether tests/unit/a/b/test_c.py has its a/b/c.py, or below a/b a configuration file c.yaml or a folder c of such files."""
    module = ROOT / test.relative_to(ROOT / "tests" / "unit").with_name(test.name.removeprefix("test_"))
    return module.is_file() or module.with_suffix("").is_dir() or any(module.parent.rglob(f"{module.stem}.yaml"))


def test_every_unit_test_mirrors_a_module() -> None:
    """tests/unit/a/b/test_c.py tests a/b/c.py."""
    tests = [path for path in tracked(".py") if path.is_relative_to(ROOT / "tests" / "unit") and path.name.startswith("test_")]

    assert [short(test) for test in tests if test != Path(__file__).resolve() and not mirrored(test)] == []


def test_every_pure_module_has_its_test() -> None:
    """What decides is tested beside nothing but itself."""
    wanted = {
        path: ROOT / "tests" / "unit" / path.relative_to(ROOT).with_name(f"test_{path.name}") for path in modules(*PURE) if acts(path)
    }

    assert [short(path) for path, test in wanted.items() if not test.is_file()] == []


def test_packages_speak_through_their_modules() -> None:
    """`__init__.py` is empty, except where the words are exported."""
    inits = [path for path in tracked("__init__.py") if not path.is_relative_to(ROOT / "schemas")]

    assert [short(path) for path in inits if path.read_text().strip()] == []


def unbounded(path: Path) -> Iterator[str]:
    """Yield where a module ends a client of Kafka itself: a block of aiokafka's own, or an awaited `stop` or `close`."""
    for node in ast.walk(ast.parse(path.read_text())):
        texts = [item.context_expr for item in node.items] if isinstance(node, ast.AsyncWith) else []
        found = [text for text in map(ast.unparse, texts) if text.startswith(("AIOKafka", "aiokafka.AIOKafka"))]
        if isinstance(node, ast.Await):
            found += re.findall(r"\w*(?:producer|consumer|admin)\.(?:stop|close)\(\)$", ast.unparse(node.value))
        yield from (f"{short(path)}: {text[:60]}" for text in found)


def test_clients_of_kafka_end_in_time() -> None:
    """By `broker.ending`: aiokafka itself waits half a minute for a peer that does not answer the end of TLS, and for ever to deliver."""
    users = [path for path in modules(*PACKAGES) if not path.is_relative_to(ROOT / "benchmarks") and path != ROOT / "broker" / "ending.py"]

    assert [place for path in users for place in unbounded(path)] == []


def test_no_mock_patch_in_unit_tests() -> None:
    """Fakes are written by hand."""
    tests = [path for path in tracked(".py") if path.is_relative_to(ROOT / "tests" / "unit") and path != Path(__file__).resolve()]

    assert [short(path) for path in tests if re.search(r"mock\.patch|from unittest\.mock|@patch\(", path.read_text())] == []


def test_locks_hold_no_addresses() -> None:
    """Hashes say what is meant; where it comes from is the business of whoever installs."""
    locks = [*ROOT.glob("requirements*.lock"), *ROOT.glob("web/package-lock.json")]
    lock = ROOT / "web" / "package-lock.json"
    resolved = re.findall(r'"resolved":.*', lock.read_text()) if lock.is_file() else []

    assert {path.name for path in locks if path.suffix == ".lock" and ADDRESS.search(path.read_text())} == set()
    assert resolved == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-build.lock"])
def test_locks_hold_hashes(name: str) -> None:
    """Every requirement is one version with at least one hash."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)

    assert [block.splitlines()[0] for block in blocks if block.strip() and not ("==" in block and "--hash=sha256:" in block)] == []
