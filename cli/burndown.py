"""`anabranch burndown`: how the open tasks of a branch or project went over time."""

from typing import Annotated

import typer

from broker.burndown import By
from cli.options import DEFAULT_DATA, Data, Json, Kafka

Project = Annotated[str, typer.Argument(help="Project id or name.")]
Branch = Annotated[str | None, typer.Argument(help="Branch id or name; without one the whole project.")]
Span = Annotated[By, typer.Option("--by", help="hour or day.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


def burndown(  # noqa: PLR0913  because every option of the command is an argument
    project: Project,
    branch: Branch = None,
    by: Span = "day",
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    *,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Print the counts at the end of every day (or hour) in which they changed, by the time of the events (UTC)."""
    from cli.analysts.chart import run  # noqa: PLC0415  because only this command needs Arrow

    run((project, branch), by, "json" if as_json else "csv" if as_csv else "table", data, kafka)
