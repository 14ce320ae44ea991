"""What a session did in the end, whatever it did on the way."""

from typing import Any

import msgspec

from analytics.database import Database
from analytics.events import table_of
from analytics.views import mentions_events
from broker.records import Record

COUNTS = ("tasks", "created", "completed", "reopened", "deleted", "unchanged")


def work_of(*events: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the counts of each session after these events of task t (unless they name another)."""
    always = {"entity": "task", "project_id": "p", "entity_id": "t", "occurred_at": "2026-01-02T03:04:05Z", "source": "mcp-ai"}
    records = [
        Record(
            offset,
            0,
            b"p",
            msgspec.json.encode({"id": f"e{offset}", **always, **event}),
        )
        for offset, event in enumerate(events)
    ]  # fmt: skip
    with Database() as database:
        database.put({"events": table_of((0, record) for record in records)}, {0: len(records)})
        rows = database.run("SELECT * FROM session_work ORDER BY session_id").to_pylist()
    return {row["session_id"]: tuple(row[name] for name in COUNTS) for row in rows}


def test_a_task_made_and_done_counts_once_in_each() -> None:
    """However many patches lie between."""
    assert work_of(
        {"action": "create", "session_id": "s", "data": {"status": "todo"}},
        {"action": "patch", "session_id": "s", "data": {"title": "x"}},
        {"action": "completed", "session_id": "s"},
    ) == {"s": (1, 1, 1, 0, 0, 0)}


def test_what_was_undone_again_is_unchanged() -> None:
    """Net means net: done and reopened in one session is nothing."""
    assert work_of(
        {"action": "create", "data": {"status": "todo"}},
        {"action": "patch", "session_id": "s", "data": {"status": "done"}},
        {"action": "patch", "session_id": "s", "data": {"status": "todo"}},
    ) == {"s": (1, 0, 0, 0, 0, 1)}


def test_sessions_see_what_others_left() -> None:
    """One completes, the next reopens, a third deletes."""
    assert work_of(
        {"action": "create", "session_id": "a", "data": {"status": "done"}},
        {"action": "patch", "session_id": "b", "data": {"status": "todo"}},
        {"action": "delete", "session_id": "c"},
    ) == {"a": (1, 1, 1, 0, 0, 0), "b": (1, 0, 0, 1, 0, 0), "c": (1, 0, 0, 0, 1, 0)}


def test_the_log_is_read_only_where_it_is_asked_for() -> None:
    """A view that stands on it asks too; a table whose name only begins alike does not."""
    assert mentions_events("SELECT 1 FROM projects WHERE EXISTS (SELECT 1 FROM Events)")
    assert mentions_events("FROM session_work")
    assert not mentions_events("SELECT events_of_mine FROM branch_summaries")
