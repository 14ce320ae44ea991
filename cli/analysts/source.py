"""What the commands for analysts share: where tables come from, with a progress line while the log is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from analytics.app import Source
from broker.reach import quiet_clients
from cli.options import kafka_settings
from cli.refold import Refold


@contextmanager
def reading_tables(data: Path, kafka: str | None, *, shown: bool) -> Iterator[Source]:
    """Give where the tables come from; `shown` says whether a person watches."""
    settings = kafka_settings(data, kafka)
    columns = (SpinnerColumn(), TextColumn("reading the log: {task.completed:,.0f} events"), TimeElapsedColumn())
    with quiet_clients(), Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bars:
        bar = bars.add_task("events", total=None)
        yield Source(settings, data / "analytics", Refold, lambda events: bars.advance(bar, events))
