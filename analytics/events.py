"""The table `events`: the records of `task-changes` as they were sent, poison left out."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from analytics.columns import arrow, cell
from broker.connection import KafkaSettings
from broker.reading import reading
from schemas.events import decode_event
from schemas.failure import Failure
from schemas.tables import EVENTS, value_of
from schemas.topics import TASK_CHANGES

_POLL_MS: Final = 200


class Record(NamedTuple):
    """One record of `task-changes`. timestamp_ms: when Kafka took it, in milliseconds since 1970."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


async def records_between(
    settings: KafkaSettings, begins: Mapping[int, int], ends: Mapping[int, int], *, whole: bool = False
) -> AsyncGenerator[tuple[int, Sequence[Record]], None]:
    """Yield (partition, records) in order from the begins (a partition that is not named: 0) up to the ends, exclusive.

    whole: raises `Failure` when records from a begin on are gone already.
    """
    async with reading(settings, settings.topic(TASK_CHANGES)) as (consumer, partitions):
        left = set()
        for one in partitions:
            wanted, first = begins.get(one.partition, 0), (await consumer.beginning_offsets([one]))[one]
            begin, end = max(wanted, first), ends.get(one.partition, 0)
            if whole and wanted < min(first, end):
                raise Failure(f"{one.topic}/{one.partition} begins at offset {first}: what came before is gone and cannot be rebuilt.")
            if begin < end:
                consumer.seek(one, begin)
                left.add(one)
        while left:
            for one, found in (await consumer.getmany(*left, timeout_ms=_POLL_MS)).items():
                end = ends[one.partition]
                yield (
                    one.partition,
                    [Record(it.offset, it.timestamp, it.key, it.value, tuple(it.headers)) for it in found if it.offset < end],
                )
                if await consumer.position(one) >= end:
                    left.discard(one)


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
