"""What the commands ask for: the tables as they are, as they were, or as they go on. Composition root of `analytics`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from analytics.columns import tables_of
from analytics.events import table_of
from analytics.past import Past, ends_at
from broker.burndown import By, Point, burn_down, only
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from broker.records import Begin, Record, records_between
from broker.state import read_state
from schemas.failure import UsageFailure
from schemas.rows import Tombstone, decode_row
from schemas.topics import row_key, split_key

SNAPSHOTS: Final = "snapshots"
_NAMED: Final = 10
Told = Callable[[int], None]


class Tables(NamedTuple):
    """Arrow tables by name, and how much of each partition of `task-changes` they include."""

    tables: dict[str, pa.Table]
    positions: dict[int, int]


class Source(NamedTuple):
    """Where the tables come from. directory: for what is kept between calls. told: hears of every events read."""

    settings: KafkaSettings
    directory: Path
    begin: Begin
    told: Told


async def load(source: Source, when: str, *, events: bool) -> Tables:
    """Return the tables as they are (`when` is "") or were. events: whether the log is wanted too. Raises `Failure`."""
    cuts = await read_state(source.settings)
    if when:
        ends = await ends_at(source.settings, when)
        past = Past(source.settings, source.begin, source.directory / SNAPSHOTS)
        rows = list((await past.rows({one: cut.epoch for one, cut in cuts.items()}, ends, source.told)).items())
    else:
        ends = {one: cut.through for one, cut in cuts.items()}
        rows = [pair for cut in cuts.values() for pair in cut.rows.items()]
    tables = tables_of(rows)
    if events:
        tables["events"] = table_of(await _events(source, ends))
    return Tables(tables, ends)


async def _events(source: Source, ends: Mapping[int, int]) -> list[tuple[int, Record]]:
    found: list[tuple[int, Record]] = []
    async with aclosing(records_between(source.settings, {}, ends)) as batches:
        async for partition, records in batches:
            source.told(len(records))
            found += [(partition, record) for record in records]
    return found


async def history(source: Source, project: str, branch: str | None, by: By) -> list[Point]:
    """Return the burn-down of a branch, or of a whole project, each by id or name. Raises `UsageFailure` when there is none."""
    cuts = await read_state(source.settings)
    rows = [pair for cut in cuts.values() for pair in cut.rows.items()]
    project_id = _find(rows, "project", project, None)
    key = row_key("project", project_id, project_id)
    if branch is not None:
        key = row_key("branch", project_id, _find(rows, "branch", branch, project_id))
    partition = partition_for(project_id, len(cuts))
    ends = {partition: cuts[partition].through}
    records: Sequence[Record] = [record for _, record in await _events(source, ends)]
    return list(burn_down(source.begin(partition, 0, {}), key, only(records, project_id.encode()), by))


def _find(rows: Sequence[tuple[bytes, bytes]], kind: str, wanted: str, project_id: str | None) -> str:
    """Return the id of a row by its id or name."""
    names: dict[str, str] = {}
    for key, value in rows:
        row_kind, of_project, row_id = split_key(key)
        if row_kind == kind and project_id in {None, of_project}:
            row = decode_row(kind, value)
            if not isinstance(row, Tombstone):
                names[row_id] = getattr(row, "name", row_id)
    found = [row_id for row_id, name in names.items() if wanted in {row_id, name}]
    if wanted in names:
        return wanted
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageFailure(f"{len(found)} of kind {kind} are called '{wanted}': give the id of one: {', '.join(sorted(found)[:_NAMED])}.")
    there = sorted(names.values())
    more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
    raise UsageFailure(f"There is no {kind} '{wanted}'; there are: {', '.join(there[:_NAMED]) or 'none'}{more}.")
