"""A place where the commands of the documentation can run: a running instance, and a repository with a task file."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
VERSIONS: Final[list[list[dict[str, Any]]]] = [
    [{"id": 1, "title": "Draw the plan", "status": "pending", "priority": "high", "subtasks": []}],
    [
        {"id": 1, "title": "Draw the plan", "status": "done", "priority": "high", "subtasks": []},
        {"id": 2, "title": "Build it", "status": "in-progress", "priority": "medium", "dependencies": [1], "subtasks": []},
    ],
]


def sample_repository(path: Path) -> None:
    """Make a git repository whose Task Master file has two versions."""
    file = path / ".taskmaster" / "tasks" / "tasks.json"
    file.parent.mkdir(parents=True)
    who = {f"GIT_{role}_{part}": "reader@example.invalid" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(path)], check=True)
    for number, tasks in enumerate(VERSIONS):
        file.write_text(json.dumps({"master": {"tasks": tasks}}, indent=2))
        day = f"2026-02-0{number + 1}T09:00:00Z"
        environment = os.environ | who | {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
        subprocess.run(["git", "-C", str(path), "add", "--all"], check=True)
        subprocess.run(["git", "-C", str(path), "commit", "--quiet", "--message", f"Version {number}"], check=True, env=environment)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder like a clone after `make up`: `.venv`, a running instance on `.anabranch`, and the repository `my-project`."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    sample_repository(folder / "my-project")
    arguments = [sys.executable, "-m", "cli.main", "up", "--data", str(folder / ".anabranch"), "--json"]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["url"]
            yield folder
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
