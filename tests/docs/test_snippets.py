r"""What the documentation shows works as it is written.

A block ```` ```console run ```` is run: a line after `$ ` is a command (a `\` at its end continues it), the lines below are what it
prints, where `…` stands for anything. The blocks of a page run in order, in one folder (the fixture `place`). A block
```` ```python file=NAME ```` (in any language) is that file in the folder. Others are only shown.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
BLOCK: Final = re.compile(r"^```console run[ ]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE: Final = re.compile(r"^```[a-z]+ file=([\w.-]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND: Final = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
LIMIT_S: Final = 100


class Snippet(NamedTuple):
    """One command of a page and what the page says that it prints ("" = nothing is said)."""

    command: str
    output: str


def snippets(text: str) -> list[Snippet]:
    """Return the commands that a page promises to work."""
    return [Snippet(*found) for block in BLOCK.findall(text) for found in COMMAND.findall(block)]


def pattern(output: str) -> str:
    """Return what a shown output means: `…` is anything."""
    return ".*".join(re.escape(part) for part in output.strip().split("…"))


PAGES: Final = [*ROOT.glob("README.md"), *sorted(ROOT.glob("docs/**/*.md"))]


def test_a_block_is_its_commands() -> None:
    """With continued lines, with and without output."""
    assert FILE.findall("```python file=a-b.py\nx = 1\n```\n```python\ny\n```\n") == [("a-b.py", "x = 1\n")]
    page = "```console run\n$ a \\\n  b\n$ c\nout … put\nmore\n```\n```console\n$ not this\n```\n"

    assert snippets(page) == [Snippet("a \\\n  b", ""), Snippet("c", "out … put\nmore\n")]
    assert re.fullmatch(pattern("out … put\nmore\n"), "out 1\n2 put\nmore", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_work(page: Path, request: pytest.FixtureRequest) -> None:
    """Each ends with 0 and prints what the page shows."""
    found = snippets(page.read_text())
    if not found:
        return
    place: Path = request.getfixturevalue("place")
    for name, content in FILE.findall(page.read_text()):
        (place / name).write_text(content)
    environment = os.environ | {"PATH": f"{place / '.venv' / 'bin'}:{os.environ['PATH']}"}
    for command, output in found:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        assert not output or re.search(pattern(output), done.stdout, re.DOTALL), f"$ {command}\n{done.stdout}{done.stderr}"
