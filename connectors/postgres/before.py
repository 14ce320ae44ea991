"""What `task-state` holds before a snapshot is read: the rows that came from here once, so that those that are gone are found. Shell."""

from collections.abc import Mapping, Sequence

from broker.connection import KafkaSettings
from broker.cut import StateCut
from broker.epoch import end_offsets
from broker.layout import partition_counts
from broker.reach import reaching
from broker.state import read_state
from schemas.failure import Refused
from schemas.topics import TASK_CHANGES, TASK_STATE

Rows = Sequence[tuple[bytes, bytes]]
"""Keys and values of `task-state`."""


async def rows_before(settings: KafkaSettings) -> Rows:
    """Return all rows. Raises `Failure`."""
    async with reaching(settings):
        return _rows(await read_state(settings))


async def rows_if_allowed(settings: KafkaSettings) -> tuple[Rows, str]:
    """Return the rows and what is to be said of them: whoever only writes events may not read rows, and may import all the same."""
    unseen = "Rows that are gone from the tables were not looked for: this user may not read task-state (docs/howto/tls.md)."
    if not (await partition_counts(settings, [TASK_STATE]))[TASK_STATE]:
        return (), unseen
    ends = await end_offsets(settings, TASK_CHANGES)
    try:
        async with reaching(settings):
            cuts = await read_state(settings)
    except Refused:
        return (), unseen
    behind = sum(max(0, end - cuts[number].through) for number, end in ends.items())
    text = (
        f"{behind:,} events are not folded yet: what they brought and the tables have lost is found by the next import." if behind else ""
    )
    return _rows(cuts), text


def _rows(cuts: Mapping[int, StateCut]) -> Rows:
    return [pair for cut in cuts.values() for pair in cut.rows.items()]
