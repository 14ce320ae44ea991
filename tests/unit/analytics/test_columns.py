"""Rows and events become columns with the right types; nothing of a deleted thing is shown."""

from datetime import UTC, datetime

from analytics.columns import arrow, tables_of
from schemas.rows import ActivityRow, Actor, BranchSummary, TaskSummary, Tombstone, encode_row
from schemas.tables import BRANCHES, ROW_TABLES


def test_each_kind_of_row_fills_its_table() -> None:
    """Times are times, breakdowns are maps, a tombstone is no row, and kinds without a table are passed over."""
    rows = [
        (b"branch/p/b", encode_row(BranchSummary(id="b", project_id="p", name="B", status_breakdown={"todo": 2}, stamp=4))),
        (
            b"task/p/t",
            encode_row(
                TaskSummary(
                    id="t",
                    project_id="p",
                    branch_id="b",
                    labels=("x",),
                    last_activity="2026-01-02T03:04:05.678Z",
                    last_actor=Actor("user", "u"),
                )
            ),
        ),
        (b"task/p/gone", encode_row(Tombstone(id="gone", project_id="p", stamp=3))),
        (
            b"activity/p/m",
            encode_row(ActivityRow(id="fri-03:04", project_id="p", minute="2026-01-02T03:04:00.000Z", events=3, sources={"user": 3})),
        ),
        (b"member/p/u", b'{"id":"u","project_id":"p","user_id":"u","role":"owner","stamp":1}'),
    ]

    tables = tables_of(rows)

    assert {name: table.num_rows for name, table in tables.items()} == {
        "projects": 0, "branches": 1, "tasks": 1, "subtasks": 0, "activity": 1
    }  # fmt: skip
    assert tables["branches"].to_pylist()[0]["status_breakdown"] == [("todo", 2)]
    task = tables["tasks"].to_pylist()[0]
    assert task["last_activity"] == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert (task["labels"], task["last_source"], task["last_session_id"]) == (["x"], "user", None)
    assert tables["activity"].to_pylist()[0]["minute"] == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_an_empty_table_has_its_columns() -> None:
    """A query over nothing still knows every name, and what it means."""
    table = arrow(BRANCHES, [])
    assert table.column_names == [column.name for column in BRANCHES.columns]
    assert table.schema.field("archived").metadata == {b"comment": b"whether it is archived"}
    assert set(ROW_TABLES) == {"project", "branch", "task", "subtask", "activity"}
