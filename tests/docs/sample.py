"""A small repository with a Task Master file in two versions, for tests that need any input at all."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

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
