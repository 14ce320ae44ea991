"""The records of `task-changes` between two places, and what folds them into rows.

The worker's own fold is not here (packages meet in Kafka only): whoever composes both hands in a `Begin`.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from broker.connection import KafkaSettings
from broker.reading import plain_headers, reading
from schemas.failure import Failure
from schemas.topics import TASK_CHANGES

_POLL_MS: Final = 200


class Record(NamedTuple):
    """One record of `task-changes`. timestamp_ms: when Kafka took it, in milliseconds since 1970."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Refold(Protocol):
    """A fold of one partition that goes on from somewhere."""

    def adopt(self, rows: Mapping[bytes, bytes]) -> None:
        """Take more of the rows that it goes on from. Only before the first `take`."""
        ...

    def take(self, records: Sequence[Record]) -> Mapping[bytes, bytes]:
        """Take the next records in; returns the rows that they changed, as they stand now and as `task-state` would hold them."""
        ...

    def row(self, key: bytes) -> bytes | None:
        """Return a row as it stands, as `task-state` would hold it."""
        ...

    def rows(self) -> Mapping[bytes, bytes]:
        """Return all rows as they stand, as `task-state` would hold them."""
        ...


Begin = Callable[[int, int, Mapping[bytes, bytes]], Refold]
"""Makes a fold of a partition that stands at `through` with these rows."""


async def records_between(
    settings: KafkaSettings, begins: Mapping[int, int], ends: Mapping[int, int], *, whole: bool = False
) -> AsyncGenerator[tuple[int, Sequence[Record]], None]:
    """Yield (partition, records) in order from the begins (a partition that is not named: 0) up to the ends, exclusive.

    whole: raises `Failure` when records from a begin on are gone already.
    """
    async with reading(settings, settings.topic(TASK_CHANGES)) as (consumer, partitions):
        left, firsts = set(), await consumer.beginning_offsets(partitions)
        for one in partitions:
            wanted, first = begins.get(one.partition, 0), firsts[one]
            begin, end = max(wanted, first), ends.get(one.partition, 0)
            if whole and wanted < min(first, end):
                raise Failure(f"{one.topic}/{one.partition} begins at offset {first}: what came before is gone and cannot be rebuilt.")
            if begin < end:
                consumer.seek(one, begin)
                left.add(one)
        consumer.pause(*(one for one in partitions if one not in left))
        while left:
            for one, found in (await consumer.getmany(*left, timeout_ms=_POLL_MS)).items():
                end = ends[one.partition]
                yield (
                    one.partition,
                    [Record(it.offset, it.timestamp, it.key, it.value, plain_headers(it.headers)) for it in found if it.offset < end],
                )
            left = {one for one in left if await consumer.position(one) < ends[one.partition]}  # a marker brings no record


async def span_of(settings: KafkaSettings) -> dict[int, tuple[int, int]]:
    """Return (first offset that is still there, end) of each partition of `task-changes`."""
    async with reading(settings, settings.topic(TASK_CHANGES)) as (consumer, partitions):
        firsts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        return {one.partition: (firsts[one], ends[one]) for one in partitions}
