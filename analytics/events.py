"""The table `events`: the records of `task-changes` as they were sent, poison left out."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pyarrow as pa

from analytics.columns import arrow, cell
from broker.records import Record
from schemas.events import decode_event
from schemas.tables import EVENTS, value_of


def table_of(records: Iterable[tuple[int, Record]]) -> pa.Table:
    """Return (partition, record) pairs as the table `events`."""
    return arrow(EVENTS, (row for partition, record in records if (row := row_of(partition, record)) is not None))


def row_of(partition: int, record: Record) -> list[Any] | None:
    """Return the values of one record in the order of the columns; None for one that is no event."""
    try:
        event = decode_event(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    own = {"partition": partition, "offset": record.offset, "appended_at": record.timestamp_ms}
    return [cell(column, own[column.name] if column.name in own else value_of(column, event)) for column in EVENTS.columns]
