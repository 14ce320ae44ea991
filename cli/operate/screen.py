"""A picture as tables for a terminal, readable without colour. Pure."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.operate.picture import SILENT, TODO, Picture
from cli.plural import counted


def screen(picture: Picture) -> Group:
    """Return all that `anabranch status` shows."""
    head = (
        f"Kafka {picture.kafka}, {counted(picture.brokers, 'broker')} · group {picture.group}: {picture.group_state}, "
        f"{counted(picture.workers, 'worker')} · {counted(len(picture.edges), 'edge')}"
    )
    parts: list[Text | Table] = [Text(head), _partitions(picture), _edges(picture)]
    return Group(*parts, *(Text(f"! {sentence}") for sentence in picture.problems) if picture.problems else [Text(_well(picture))])


def _well(picture: Picture) -> str:
    """Return the last line where nothing is wrong, as far as it can be seen from here."""
    if any(row.state == SILENT for row in picture.partitions):
        return f"No event waits, but not every owner answers: {TODO[SILENT]}."
    return "All is well."


def _partitions(picture: Picture) -> Table:
    table = _table("part", "owner", "state", "#log end", "#lag", "#in/s", "#done/s", "#windows", "#store", "epoch", "standby")
    for row in picture.partitions:
        table.add_row(
            str(row.partition),
            row.owner or "-",
            row.state,
            f"{row.end:,}",
            f"{row.lag:,}",
            _rate(row.written_per_s),
            _rate(row.events_per_s),
            _count(row.open_windows),
            size(row.store_bytes),
            row.epoch[:8] or "-",
            ", ".join(row.standby) or "-",
        )
    return table


def _edges(picture: Picture) -> Table:
    table = _table("edge", "state", "#sockets", "#events behind", "#cascades unread", "applied")
    for row in picture.edges:
        applied = " ".join(f"{number}:{offset}" for number, offset in row.applied.items())
        table.add_row(row.url, row.state, _count(row.connections), _count(row.behind_events), _count(row.lag_records), applied or "-")
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in columns:
        table.add_column(name.lstrip("#"), justify="right" if name.startswith("#") else "left", overflow="fold")
    return table


def size(count: int | None) -> str:
    """Return a number of bytes as people say it."""
    if count is None:
        return "-"
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:  # noqa: PLR2004  because that many make the next unit
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
