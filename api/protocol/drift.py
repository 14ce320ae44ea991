"""Whether the rows of a project add up: digests and counts against the rows below them, a slice at a time. Pure."""

from collections.abc import Generator, Sequence
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Struct

from schemas.words import COMPLETED

SLICE: Final = 256
"""Tasks between two turns of others: about half a millisecond."""
_MASK: Final = (1 << 53) - 1


class _Task(Struct, gc=False):
    id: str
    stamp: int
    status: str = ""
    priority: str = ""
    branch_id: str | None = None


class _Tally(Struct, gc=False):
    id: str
    digest: int = 0
    total_tasks: int = 0
    completed_tasks: int = 0
    total_branches: int = 0


class Sum(Struct, gc=False):
    """What tasks come to."""

    digest: int = 0
    tasks: int = 0
    completed: int = 0

    def add(self, other: "Sum") -> None:
        """Add what other tasks come to."""
        self.digest = (self.digest + other.digest) & _MASK
        self.tasks += other.tasks
        self.completed += other.completed


_task = msgspec.json.Decoder(_Task).decode
_tally = msgspec.json.Decoder(_Tally).decode


def adding_up(project: bytes | None, branches: Sequence[bytes], tasks: Sequence[bytes]) -> Generator[None, None, list[str]]:
    """Return which rows do not add up: `project`, or `branch <id>`. Yields now and then, so that others get a turn.

    The public rows of one project as they stood at one moment, live ones only. project: None where there is no live one.
    """
    sums: dict[str, Sum] = {}
    for number, data in enumerate(tasks, 1):
        task = _task(data)
        digest = crc32(f"{task.id}|{task.status}|{task.priority}|{task.stamp}".encode())
        sums.setdefault(task.branch_id or "", Sum()).add(Sum(digest, 1, task.status == COMPLETED))
        if number % SLICE == 0:
            yield
    whole = Sum()
    wrong: list[str] = []
    for tally in map(_tally, branches):
        counted = sums.pop(tally.id, Sum())
        whole.add(counted)
        if _said(tally) != counted:
            wrong.append(f"branch {tally.id}")
    wrong += [f"branch {name}" for name in sums]
    head = _Tally("") if project is None else _tally(project)
    if _said(head) != whole or head.total_branches != len(branches):
        wrong.append("project")
    return wrong


def _said(tally: _Tally) -> Sum:
    return Sum(tally.digest, tally.total_tasks, tally.completed_tasks)
