"""`anabranch sql`: a query over the tables as they are, or as they were."""

from typing import Annotated, Literal

import typer

from cli.options import DEFAULT_DATA, Data, Json, Kafka

Query = Annotated[
    str, typer.Argument(metavar="QUERY", help="SQL over projects, branches, tasks, subtasks, activity, events; - reads the standard input.")
]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="WHEN", help="The tables as they were: ISO time, or PARTITION:OFFSET[,...] of task-changes.")
]
Format = Annotated[Literal["table", "csv"], typer.Option("--format", help="How to print the result for people.")]


def sql(
    query: Query, as_of: AsOf = "", form: Format = "table", data: Data = DEFAULT_DATA, kafka: Kafka = None, *, as_json: Json = False
) -> None:
    """Run a query over the tables. `positions` says how much of the log they include; --json prints one object a row.

    The tables are a copy, made for this query: whatever it does to them, nothing of the instance changes.
    """
    from cli.analysts.query import run  # noqa: PLC0415  because only this command needs DuckDB

    run(query, as_of, "json" if as_json else form, data, kafka)
