"""The tables in DuckDB: in memory for one query, or a file that others open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import duckdb
import pyarrow as pa

from analytics.columns import schema_of
from analytics.views import VIEWS
from schemas.failure import Failure, UsageFailure
from schemas.tables import TABLES

POSITIONS: Final = pa.schema([pa.field("partition", pa.int64()), pa.field("through", pa.int64())])
_INCOMING: Final = "incoming"
_HINT: Final = "(`DESCRIBE` and docs/reference/tables.md tell the tables and their columns.)"


class Database:
    """One DuckDB database with every table and view; tables are empty until they are put."""

    def __init__(self, path: Path | None = None) -> None:
        """Open a file, or memory. Raises `Failure` when another program holds the file."""
        try:
            self._connection = duckdb.connect(str(path) if path else ":memory:")
        except duckdb.Error as error:
            raise Failure(f"{path} cannot be opened as a DuckDB file: {_sentence(error)}") from None
        self._connection.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def put(self, tables: Mapping[str, pa.Table], positions: Mapping[int, int]) -> None:
        """Replace tables, all at once for whoever reads; those that are not given are made empty where they are missing.

        positions: end of `task-changes` that the rows include, by partition; the table `positions`.
        """
        missing = {table.name: schema_of(table).empty_table() for table in TABLES if table.name not in self._names()}
        places = pa.Table.from_pylist([{"partition": one, "through": end} for one, end in sorted(positions.items())], POSITIONS)
        self._connection.begin()
        for name, table in {**missing, **tables, "positions": places}.items():
            self._connection.register(_INCOMING, table)
            self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {_INCOMING}")  # noqa: S608  the names are ours
            self._connection.unregister(_INCOMING)
            for field in table.schema:
                self._explain(name, field)
        for name, query in VIEWS.items():
            self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")
        self._connection.commit()

    def append(self, name: str, table: pa.Table) -> None:
        """Add rows to a table that is there."""
        self._connection.register(_INCOMING, table)
        self._connection.execute(f"INSERT INTO {name} SELECT * FROM {_INCOMING}")  # noqa: S608  the names are ours
        self._connection.unregister(_INCOMING)

    def check(self, query: str) -> None:
        """Raise `UsageFailure` for a wrong query before anything is loaded for it. What prepares tables of its own is not looked into."""
        try:
            statements = duckdb.extract_statements(query)
            if len(statements) == 1 and statements[0].type is duckdb.StatementType.SELECT:
                self._connection.execute(f"EXPLAIN {query}")
        except duckdb.Error as error:
            raise UsageFailure(f"The query is wrong: {_sentence(error)} {_HINT}") from None

    def run(self, query: str) -> pa.Table:
        """Return the result of a query; a statement without one gives an empty table. Raises `UsageFailure`."""
        try:
            relation: duckdb.DuckDBPyRelation | None = self._connection.sql(query)
            return pa.table({}) if relation is None else relation.to_arrow_table()
        except duckdb.Error as error:
            raise UsageFailure(f"The query failed: {_sentence(error)} {_HINT}") from None

    def _explain(self, name: str, field: pa.Field) -> None:
        meaning = (field.metadata or {}).get(b"comment", b"").decode().replace("'", "''")
        self._connection.execute(f"COMMENT ON COLUMN {name}.\"{field.name}\" IS '{meaning}'")

    def _names(self) -> set[str]:
        rows: list[Any] = self._connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        return {row[0] for row in rows}


def _sentence(error: duckdb.Error) -> str:
    """Return what DuckDB says, without the query that it quotes."""
    return " ".join(str(error).partition("\n\nLINE ")[0].split())
