"""The newest tasks of a project: by stamp, without deleted ones, and never older than the rows."""

import json

from api.latest import Latest
from api.replica import Entry, Replica, read
from schemas.rows import Tombstone, encode_row


def row(row_id: str, stamp: int) -> Entry:
    """Return an entry of a task or of what it belongs to."""
    return read(json.dumps({"id": row_id, "stamp": stamp, "branch_id": "b"}).encode())


def changed(replica: Replica, task_id: str, stamp: int, *, deleted: bool = False) -> None:
    """Change a task as a step does: its ancestors change with it."""
    replica.put("project", "p", row("p", stamp))
    replica.put("branch", "p", row("b", stamp))
    replica.put("task", "p", read(encode_row(Tombstone(id=task_id, project_id="p", stamp=stamp))) if deleted else row(task_id, stamp))


def test_the_newest_come_first_and_follow_the_rows() -> None:
    """As many as asked for; a change moves a task to the front, a delete takes it away."""
    replica = Replica()
    latest = Latest(replica, 2)
    assert latest.of("p") == []
    for stamp, task_id in enumerate(("a", "b", "c")):
        changed(replica, task_id, stamp)
    assert [task.id for task in latest.of("p")] == ["c", "b"]
    assert latest.of("p") is latest.of("p")
    changed(replica, "a", 4)
    assert [task.id for task in latest.of("p")] == ["a", "c"]
    changed(replica, "a", 5, deleted=True)
    assert [task.id for task in latest.of("p")] == ["c", "b"]
    replica.put("project", "p", read(encode_row(Tombstone(id="p", project_id="p", stamp=9))))
    assert latest.of("p") == []
