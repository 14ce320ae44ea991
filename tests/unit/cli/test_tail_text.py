"""Frames as lines."""

from typing import Any

from cli.tail_text import line_of

PROJECT = {"id": "p", "name": "Shop", "completed_tasks": 2, "total_tasks": 5}


def frame(kind: str, payload: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """Return a frame of the project."""
    return {"type": kind, "timestamp": 1_767_225_600_123, "payload": payload, "metadata": metadata}


def test_an_update_names_who_what_and_the_totals() -> None:
    """A person's change is one line with the changed fields and the project's new totals."""
    data = {"primary": {"id": "t", "title": "Fix it"}, "cascade": {"projects": [PROJECT]}, "delta": {"status": "done", "stamp": 4}}
    line = line_of(frame("update", {"entity": "task", "action": "update", "data": data}, {"source": "user", "userId": "ann"}))
    assert line.endswith("ann: update task 'Fix it' (status=done)  [Shop: 2/5 done]")
    assert ".123  " in line


def test_a_bulk_counts_its_changes() -> None:
    """A merged window says how many changes of how many sessions it holds."""
    data = {"primary": [{}, {}], "cascade": {"projects": [{"id": "p", "deleted": True}]}}
    merged = {"events": 9, "sessions": [{"events": 9}]}
    line = line_of(frame("bulk", {"entity": "multiple", "action": "update", "data": data}, {"source": "mcp-ai", "merged": merged}))
    assert line.endswith("9 agent changes to 2 rows by 1 session")


def test_control_frames_say_their_action() -> None:
    """A control frame is its type and action."""
    assert line_of(frame("sync", {"action": "welcome"}, {})).endswith("sync welcome")
