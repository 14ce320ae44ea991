"""Wrong queries are told in one sentence, before anything is loaded."""

from pathlib import Path

import pytest

from analytics.database import Database
from schemas.failure import Failure, UsageFailure
from schemas.tables import BRANCHES, DICTIONARY


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT nope FROM tasks", "FROM nothing"])
def test_a_wrong_query_is_wrong_usage(query: str) -> None:
    """It is told before anything is loaded for it."""
    with Database() as database:
        database.put({}, {})
        with pytest.raises(UsageFailure, match="The query is wrong"):
            database.check(query)


@pytest.mark.parametrize("query", ["FROM session_work", "CREATE TABLE mine AS FROM tasks; SELECT nope FROM mine", "SET threads = 1"])
def test_other_queries_pass(query: str) -> None:
    """What a query prepares itself is not there yet."""
    with Database() as database:
        database.put({}, {})
        database.check(query)


def test_what_fails_on_the_way_is_told(tmp_path: Path) -> None:
    """A failing cast, and a file that is no database."""
    with Database() as database, pytest.raises(UsageFailure, match="The query failed"):
        database.run("SELECT cast('x' AS INTEGER)")
    file = tmp_path / "x.duckdb"
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(Failure, match="cannot be opened"):
        Database(file)


def test_a_statement_without_result_gives_no_rows() -> None:
    """So that several statements may prepare a table."""
    with Database() as database:
        assert database.run("CREATE TABLE mine (a INTEGER)").num_rows == 0


def test_the_dictionary_is_complete() -> None:
    """Every table and view that a query may name is in it, with its columns in their order."""
    with Database() as database:
        database.put({}, {})
        names = database.run("SELECT table_name FROM information_schema.tables")["table_name"].to_pylist()
        assert set(names) == {table.name for table in DICTIONARY} | {"branch_summaries"}
        for table in DICTIONARY:
            assert database.run(f"FROM {table.name}").column_names == [column.name for column in table.columns]
        assert database.run("FROM branch_summaries").column_names == [column.name for column in BRANCHES.columns]
