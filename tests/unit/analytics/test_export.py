"""Files hold what the tables hold, in forms that others read."""

import json
from pathlib import Path

import duckdb
from pyarrow import csv, parquet

from analytics.app import Tables
from analytics.columns import tables_of
from analytics.export import POSITIONS, write
from schemas.rows import BranchSummary, TaskSummary, encode_row

ROWS = [
    (b"branch/p/b", encode_row(BranchSummary(id="b", project_id="p", name='B, the "first"', total_tasks=1, status_breakdown={"todo": 1}))),
    (b"task/p/t", encode_row(TaskSummary(id="t", project_id="p", branch_id="b", title="é\n", labels=("x", "y")))),
]  # fmt: skip
TABLES = Tables(tables_of(ROWS), {0: 2})


def test_parquet_keeps_types_and_positions(tmp_path: Path) -> None:
    """And says how much of the log it includes."""
    files = write(TABLES, tmp_path, "parquet")
    assert {path.name for path in files} == {f"{name}.parquet" for name in TABLES.tables}
    table = parquet.read_table(tmp_path / "branches.parquet")
    assert table.to_pylist()[0]["status_breakdown"] == [("todo", 1)]
    assert json.loads(table.schema.metadata[POSITIONS]) == {"0": 2}


def test_csv_holds_nested_values_as_json(tmp_path: Path) -> None:
    """Quotes, commas and line ends survive."""
    write(TABLES, tmp_path, "csv")
    assert csv.read_csv(tmp_path / "branches.csv")["name"].to_pylist() == ['B, the "first"']
    options = csv.ParseOptions(newlines_in_values=True)
    task = csv.read_csv(tmp_path / "tasks.csv", parse_options=options).to_pylist()[0]
    assert (task["title"], json.loads(task["labels"])) == ("é\n", ["x", "y"])


def test_a_duckdb_file_has_all_tables_and_views_and_may_be_open_while_it_is_replaced(tmp_path: Path) -> None:
    """A reader keeps the file that it opened; the next one sees the new one."""
    path = tmp_path / "all.duckdb"
    write(TABLES, path, "duckdb")
    with duckdb.connect(str(path), read_only=True) as reader:
        write(Tables(tables_of(ROWS[:1]), {0: 1}), path, "duckdb")
        assert reader.execute("SELECT count(*) FROM tasks").fetchone() == (1,)
    with duckdb.connect(str(path), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM tasks").fetchone() == (0,)
        assert reader.execute("SELECT name FROM branch_summaries").fetchone() == ('B, the "first"',)
        assert reader.execute("SELECT * FROM positions").fetchall() == [(0, 1)]
