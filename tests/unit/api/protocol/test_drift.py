"""Rows that add up, and each way in which they may not."""

import json
from typing import Any
from zlib import crc32

import pytest

from api.protocol.drift import SLICE, adding_up


def task(name: str, branch: str = "b", status: str = "todo", stamp: int = 1) -> dict[str, Any]:
    """Return a task's row."""
    return {"id": name, "branch_id": branch, "status": status, "priority": "low", "stamp": stamp}


def tally(name: str, tasks: list[dict[str, Any]], **more: int) -> dict[str, Any]:
    """Return what a branch or project of these tasks says."""
    texts = [f"{one['id']}|{one['status']}|{one['priority']}|{one['stamp']}" for one in tasks]
    done = sum(one["status"] == "done" for one in tasks)
    return {"id": name, "digest": sum(crc32(text.encode()) for text in texts), "total_tasks": len(tasks), "completed_tasks": done} | more


def wrong(project: dict[str, Any] | None, branches: list[dict[str, Any]], tasks: list[dict[str, Any]]) -> tuple[list[str], int]:
    """Return what does not add up, and how often others got a turn."""
    looking = adding_up(
        None if project is None else json.dumps(project).encode(),
        [json.dumps(one).encode() for one in branches],
        [json.dumps(one).encode() for one in tasks],
    )
    for turns in range(1_000):
        try:
            next(looking)
        except StopIteration as end:
            return end.value, turns
    raise AssertionError("it does not end")


TASKS = [task("t1"), task("t2", status="done"), task("t3", "c", stamp=5), task("ü", "c", "eigen")]
BRANCHES = [tally("b", TASKS[:2]), tally("c", TASKS[2:])]
PROJECT = tally("p", TASKS, total_branches=2)


def test_rows_of_a_fold_add_up() -> None:
    """Whatever their order; nothing at all adds up, too."""
    assert wrong(PROJECT, BRANCHES[::-1], TASKS[::-1]) == ([], 0)
    assert wrong(None, [], []) == ([], 0)


@pytest.mark.parametrize(
    ("project", "branches", "tasks", "found"),
    [
        (PROJECT, BRANCHES, TASKS[1:], ["branch b", "project"]),
        (PROJECT, BRANCHES, [TASKS[0] | {"status": "done"}, *TASKS[1:]], ["branch b", "project"]),
        (PROJECT, BRANCHES, [TASKS[0] | {"stamp": 0}, *TASKS[1:]], ["branch b", "project"]),
        (PROJECT, BRANCHES, [TASKS[0] | {"branch_id": "c"}, *TASKS[1:]], ["branch b", "branch c"]),
        (PROJECT, [BRANCHES[0] | {"completed_tasks": 2}, BRANCHES[1]], TASKS, ["branch b"]),
        (PROJECT, BRANCHES[:1], TASKS, ["branch c", "project"]),
        (PROJECT | {"total_tasks": 5}, BRANCHES, TASKS, ["project"]),
        (PROJECT | {"total_branches": 3}, BRANCHES, TASKS, ["project"]),
        (None, BRANCHES, TASKS, ["project"]),
        (PROJECT, BRANCHES, [*TASKS, task("lost", branch="")], ["branch "]),
    ],
)
def test_what_is_wrong_is_named(
    project: dict[str, Any] | None, branches: list[dict[str, Any]], tasks: list[dict[str, Any]], found: list[str]
) -> None:
    """A task that is missing, older, elsewhere or of another status; a branch or project that says something else."""
    assert wrong(project, branches, tasks)[0] == found


def test_large_projects_are_looked_at_in_slices() -> None:
    """Others get a turn after each."""
    many = [task(f"t{number}") for number in range(2 * SLICE + 1)]
    assert wrong(tally("p", many, total_branches=1), [tally("b", many)], many) == ([], 2)
