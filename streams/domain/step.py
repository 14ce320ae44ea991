"""The fold itself: one batch of records in, every change that follows from it out."""

from collections.abc import Generator, Sequence

from streams.domain.publish import Publisher
from streams.domain.records import Out, Partition, Record, Rows, Step
from streams.domain.rules import Rules
from streams.domain.windows import Windows
from streams.domain.work import Work


def step(rows: Rows, partition: Partition, records: Sequence[Record], windows: Windows, now_ms: int, rules: Rules) -> Step:
    """Return what a batch of records, in log order, does to the rows of a partition, and the messages about it.

    Pure but for `windows`, which it changes. Records below `partition.through` are a replay: they change nothing and their rows
    are told again. The rows of all batchings of the same records are the same; when messages leave depends on `now_ms`.
    """
    turns = slices(rows, partition, records, windows, now_ms, rules)
    while True:
        try:
            next(turns)
        except StopIteration as end:
            result: Step = end.value
            return result


def slices(
    rows: Rows, partition: Partition, records: Sequence[Record], windows: Windows, now_ms: int, rules: Rules
) -> Generator[None, None, Step]:
    """Do what `step` does, and yield now and then where an event drags very many rows with it, so that others get a turn.

    Until it returns, `rows` must go on showing the rows before the step, and nobody else may use `windows`.
    """
    through = partition.through
    begin, end = (records[0].offset, records[-1].offset + 1) if records else (through, through)
    oldest = windows.oldest_offset()
    work = Work(rows, partition, windows, now_ms, rules)
    work.publisher.close_due()
    for record in records:
        if record.offset < through:
            work.replay(record)
            continue
        if windows.is_replaying:
            work.end_replay()
        work.take(record)
        if work.fold.doomed is not None:
            yield from work.bury_doomed()
    if windows.is_replaying and end >= through:
        work.end_replay()
    return work.result(max(end, through), begin if oldest is None else min(begin, oldest))


def flush(rows: Rows, partition: Partition, windows: Windows, now_ms: int, rules: Rules) -> list[Out]:
    """Return the messages about all windows that end at `now_ms` (milliseconds since 1970).

    Changes `windows`: one that had something to tell goes on for another length, one that had nothing ends. What the result
    publishes begins at `windows.oldest_offset()` as it was before the call.
    """
    publisher = Publisher(partition, windows, rows.get, now_ms, rules)
    publisher.close_due()
    return publisher.out
