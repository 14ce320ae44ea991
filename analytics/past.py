"""The tables as they were: rows of `task-state` rebuilt from `task-changes`, from the nearest kept snapshot on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from analytics.shelf import Shelf
from broker.connection import KafkaSettings
from broker.reading import reading
from broker.records import Begin, Refold, records_between
from schemas.failure import UsageFailure
from schemas.topics import TASK_CHANGES

SNAPSHOT_EVENTS: Final = 50_000
"""Events after which a rebuild keeps a snapshot: what a later one reads at most."""


Told = Callable[[int], None]
"""Told how many events were read."""


class Past:
    """Rebuilds what was. directory: where snapshots are kept; they are a cache, and may be deleted at any time."""

    def __init__(self, settings: KafkaSettings, begin: Begin, directory: Path, every: int = SNAPSHOT_EVENTS) -> None:
        self._settings = settings
        self._begin = begin
        self._directory = directory
        self._every = every

    async def rows(self, epochs: Mapping[int, str], ends: Mapping[int, int], told: Told) -> dict[bytes, bytes]:
        """Return the rows that include `task-changes` exactly up to `ends` (exclusive offsets by partition).

        Raises `Failure` when the log does not reach back far enough any more.
        """
        shelves = {one: Shelf(self._directory / epochs.get(one, "0") / str(one)) for one in ends}
        folds: dict[int, Refold] = {}
        begins: dict[int, int] = {}
        for one, end in ends.items():
            begins[one], rows = shelves[one].newest(end)
            folds[one] = self._begin(one, begins[one], rows)
        kept = dict(begins)
        async for one, records in records_between(self._settings, begins, ends, whole=True):
            if not records:
                continue
            folds[one].take(records)
            told(len(records))
            through = records[-1].offset + 1
            if through - kept[one] >= self._every:
                shelves[one].keep(through, folds[one].rows())
                kept[one] = through
        return {key: value for fold in folds.values() for key, value in fold.rows().items()}


async def ends_at(settings: KafkaSettings, when: str) -> dict[int, int]:
    """Return the ends of `task-changes` at a moment: ISO time (by when Kafka took the events), or PARTITION:OFFSET,... ("" = now).

    A partition that a position does not name stands at its end. Raises `UsageFailure`.
    """
    async with reading(settings, settings.topic(TASK_CHANGES)) as (consumer, partitions):
        ends = {one.partition: end for one, end in (await consumer.end_offsets(partitions)).items()}
        if not when:
            return ends
        if (places := positions_of(when)) is not None:
            return _placed(places, ends)
        time_ms = int(_time_of(when).timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, time_ms))
        return ends | {one.partition: place.offset for one, place in found.items() if place is not None}


def positions_of(when: str) -> dict[int, int] | None:
    """Return PARTITION:OFFSET,... as numbers, or None for anything else."""
    parts = [part.split(":") for part in when.split(",")]
    if all(len(part) == 2 and part[0].isdecimal() and part[1].isdecimal() and len(part[0]) < 4 for part in parts):  # noqa: PLR2004  a date has more digits
        return {int(partition): int(offset) for partition, offset in parts}
    return None


def _placed(places: Mapping[int, int], ends: Mapping[int, int]) -> dict[int, int]:
    for partition, offset in places.items():
        if offset > ends.get(partition, -1):
            raise UsageFailure(f"{TASK_CHANGES}/{partition} has no offset {offset}: it ends at {ends.get(partition, 'nothing')}.")
    return {**ends, **places}


def _time_of(when: str) -> datetime:
    try:
        return datetime.fromisoformat(when).astimezone()
    except ValueError:
        raise UsageFailure(
            f"'{when}' is no moment: give an ISO time, 2026-01-31T12:00, or PARTITION:OFFSET[,PARTITION:OFFSET...]."
        ) from None
