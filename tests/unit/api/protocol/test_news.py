"""What agents are told of frames: few words, whole frames, nothing twice."""

import json
from typing import Any

from api.protocol.news import lines_of, news_of


def frame(row: dict[str, Any], *, action: str = "update", branches: tuple[dict[str, Any], ...] = (), **metadata: object) -> dict[str, Any]:
    """Return one person's change of a task."""
    data = {"primary": row, "cascade": {"branches": list(branches)}}
    return {"payload": {"entity": "task", "action": action, "data": data}, "metadata": {"source": "user", **metadata}}


def encoded(*titles: str) -> list[tuple[int, bytes]]:
    """Return frames 1, 2, ... with these titles."""
    return [(number, json.dumps(frame({"id": "t", "title": title})).encode()) for number, title in enumerate(titles, 1)]


def test_a_change_is_one_line_and_its_branches_follow() -> None:
    """With who did it, and without fields that say nothing."""
    told = frame(
        {"id": "t", "status": "done", "title": "", "parent_id": None},
        userId="ada",
        branches=({"id": "b", "total_tasks": 2, "completed_tasks": 1}, {"id": "gone", "deleted": True}),
    )
    assert lines_of(told) == ['task t update status="done" (by ada)', "branch b now total_tasks=2 completed_tasks=1"]
    assert lines_of(frame({"id": "t", "deleted": True}, action="delete")) == ["task t deleted (by user)"]


def test_a_merged_frame_has_a_line_for_each_row() -> None:
    """And says how many events it merges."""
    told = frame({}, merged={"events": 7})
    told["payload"]["data"] = {"primary": [{"entity": "task", "action": "create", "row": {"id": "a", "title": "A"}}], "cascade": {}}
    assert lines_of(told) == ['task a create title="A" (agents, 7 events)']


def test_the_budget_cuts_between_frames() -> None:
    """The first always fits; going on from `sequence` tells the rest and no more."""
    frames = encoded("x" * 400, "y", "z")
    first = news_of(frames, 0, 50)
    assert (first.sequence, first.more, len(first.lines)) == (1, True, 1)
    rest = news_of(frames[1:], first.sequence, 50)
    assert (rest.sequence, rest.more, len(rest.lines)) == (3, False, 2)
    assert news_of([], 9, 50) == news_of((), 9, 1)
    assert news_of([], 9, 50).sequence == 9
