"""Formats: all of them say the same, and the caller's wish is understood."""

import csv
import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyarrow import parquet

from api.tabular import FORMATS, chosen, to_arrow, to_csv, to_json, to_ndjson, to_parquet
from schemas.rows import Actor, BranchSummary, TaskSummary
from schemas.tables import BRANCHES, TASKS

TIME = "2026-11-25T10:00:00.250Z"
TASK_ROWS = [
    TaskSummary(
        id="t", project_id="p", branch_id="b", title='A "b", c\nd', assignees=("ann",), progress_percentage=12.5, last_activity=TIME,
        last_actor=Actor("user", "ann"),
    ),
    TaskSummary(id="u", project_id="p", branch_id="b"),
]  # fmt: skip
BRANCH_ROWS = [BranchSummary(id="b", project_id="p", name="main", total_tasks=3, priority_breakdown={"high": 2, "low": 1}, archived=True)]


def test_json_forms_name_the_columns() -> None:
    """What is nested in a row stands under its column's name; a line each, or a list."""
    rows = json.loads(to_json(TASKS.columns, TASK_ROWS))
    assert [json.loads(line) for line in to_ndjson(TASKS.columns, TASK_ROWS).splitlines()] == rows
    assert list(rows[0]) == [column.name for column in TASKS.columns]
    assert (rows[0]["task_id"], rows[0]["last_user_id"], rows[1]["last_user_id"]) == ("t", "ann", None)


def test_csv_can_be_read_back() -> None:
    """Quotes, line ends, nothing, nested."""
    head, first, second = csv.reader(io.StringIO(to_csv(TASKS.columns, TASK_ROWS).decode(), newline=""))
    row, empty = dict(zip(head, first, strict=True)), dict(zip(head, second, strict=True))
    assert (row["title"], row["assignees"], row["progress_percentage"], row["last_activity"]) == ('A "b", c\nd', '["ann"]', "12.5", TIME)
    assert (empty["progress_percentage"], empty["last_user_id"], empty["labels"]) == ("", "", "[]")
    _, branch = csv.reader(io.StringIO(to_csv(BRANCHES.columns, BRANCH_ROWS).decode(), newline=""))
    assert ("true" in branch, '{"high":2,"low":1}' in branch) == (True, True)


@pytest.mark.parametrize("parquets", [False, True])
def test_arrow_and_parquet_carry_types(*, parquets: bool) -> None:
    """Times with their zone, counts as a map, nothing as null; the meaning of a column beside it; also without rows."""

    def back(rows: list[TaskSummary] | list[BranchSummary], table: object = TASKS) -> pa.Table:
        columns = TASKS.columns if table is TASKS else BRANCHES.columns
        if parquets:
            return parquet.read_table(io.BytesIO(to_parquet(columns, rows)))
        return pa.ipc.open_stream(to_arrow(columns, rows)).read_all()

    rows = back(TASK_ROWS).to_pylist()
    assert (rows[0]["last_activity"], rows[0]["assignees"]) == (datetime(2026, 11, 25, 10, 0, 0, 250_000, UTC), ["ann"])
    assert (rows[1]["progress_percentage"], rows[1]["assignees"]) == (None, [])
    (branch,) = back(BRANCH_ROWS, BRANCHES).to_pylist()
    assert (dict(branch["priority_breakdown"]), branch["archived"], branch["total_tasks"]) == ({"high": 2, "low": 1}, True, 3)
    empty = back([])
    assert (empty.num_rows, empty.schema.field("task_id").metadata[b"meaning"]) == (0, b"id of the task")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "json"), ("*/*", "json"), ("", "json"), ("application/*", "json"), ("text/*", "csv"), ("text/csv", "csv"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "json"), ("application/json;q=0.1, text/csv", "csv"),
        ("application/x-ndjson", "x-ndjson"), ("application/vnd.apache.parquet", "vnd.apache.parquet"),
        ("*/*;q=0.1, APPLICATION/vnd.apache.arrow.stream;q=0.9", "vnd.apache.arrow.stream"),
        ("application/json;q=0, */*", "x-ndjson"), ("text/html", None), ("application/json;q=0", None), ("text/csv;q=x", None),
        ("text/csv;q=nan", None), ("text/csv;header=present;q=0.5", "csv"),
    ],
)  # fmt: skip
def test_the_caller_chooses(accept: str | None, expected: str | None) -> None:
    """By quality, then by how exactly it is named, then in our order."""
    found = chosen(accept)
    assert (found.media_type.split("/")[1] if found else None) == expected


def test_formats_differ() -> None:
    """In their names."""
    assert len({one.media_type for one in FORMATS}) == len(FORMATS)
