"""Made histories of task files, for machines without the real ones: seeded, with the shapes that agents leave behind."""

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

VERSIONS: Final = 120
ISSUES: Final = 400
STATUSES: Final = ("open", "open", "in_progress", "blocked", "closed", "closed", "tombstone")


def make_histories(folder: Path) -> dict[str, Path]:
    """Write two repositories, `beads` and `task-master`, and return where they are."""
    dice = random.Random(7)
    sources = {"beads": (".beads/issues.jsonl", _beads(dice)), "task-master": (".taskmaster/tasks/tasks.json", _taskmaster(dice))}
    for name, (path, versions) in sources.items():
        _write(folder / name, path, versions)
    return {name: folder / name for name in sources}


def _beads(dice: random.Random) -> Iterator[bytes]:
    issues: dict[int, dict[str, Any]] = {}
    for version in range(VERSIONS):
        for number in dice.sample(range(ISSUES), 60):
            issue = issues.setdefault(number, {"id": f"bd-{number}", "issue_type": "epic" if number % 20 == 0 else "task"})
            issue |= {"title": f"Issue {number}, take {version}", "status": dice.choice(STATUSES), "priority": dice.randrange(5)}
            if number % 20 and dice.random() < 0.5:
                issue["dependencies"] = [
                    {"issue_id": f"bd-{number}", "depends_on_id": f"bd-{number - number % 20}", "type": "parent-child"}
                ]
        yield b"".join(json.dumps(issues[number]).encode() + b"\n" for number in sorted(issues))


def _taskmaster(dice: random.Random) -> Iterator[bytes]:
    tags = ("master", "feature-a", "feature-b")
    for version in range(VERSIONS // 4):
        board = {tag: {"tasks": [_task(dice, number) for number in range(1, 3 + version)]} for tag in tags}
        yield json.dumps(board, indent=1).encode()


def _task(dice: random.Random, number: int) -> dict[str, Any]:
    words = ("pending", "in-progress", "done", "deferred")
    subtasks = [{"id": n, "title": f"Step {n}", "status": dice.choice(words)} for n in range(1, 1 + number % 4)]
    return {
        "id": number,
        "title": f"Task {number}",
        "status": dice.choice(words),
        "priority": "high",
        "dependencies": [],
        "subtasks": subtasks,
    }


def _write(repository: Path, path: str, versions: Iterator[bytes]) -> None:
    """Write the versions of one file as commits, a minute apart."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    stream = bytearray()
    for number, content in enumerate(versions):
        stream += b"commit refs/heads/main\ncommitter Agent <agent@example.org> %d +0000\n" % (1_767_225_600 + 60 * number)
        stream += b"data 2\nv\n" + b"M 100644 inline " + path.encode() + b"\ndata %d\n" % len(content) + content + b"\n"
    subprocess.run(["git", "-C", str(repository), "fast-import", "--quiet"], input=bytes(stream), check=True)
    subprocess.run(["git", "-C", str(repository), "checkout", "-q", "main", "-f"], check=True)
