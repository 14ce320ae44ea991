"""Owners that do one thing wrong, each a way in which stream processors lose or double-count: the laws must find every one."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from streams.domain.node import child_hints
from streams.domain.records import Out, Partition, Record, Rows, Step
from streams.domain.rules import Rules
from streams.domain.sole_writer import Gap
from streams.domain.windows import Windows
from streams.engine.restore import Restorer
from streams.engine.store import Mark, Write
from streams.mending import Left
from streams.owner import Owner, Underway
from streams.publication import Publication
from streams.writer import Acknowledged
from tests.property.streams.lives import Parts, Real

Slices = Generator[None, None, Step]


class StoresFirst(Owner):
    """Writes its store before the broker has the rows, as Faust's tables do, and takes the stored rows for known."""

    def _send(self, step: Step, begun: Underway) -> None:
        super()._send(step, begun)
        queue: Any = self._writer._queue  # noqa: SLF001
        sent: Publication = queue._queue[-1]  # noqa: SLF001
        mark = Mark(self._store.mark.changelog, sent.through, sent.time_ms, self._kit.clock(), self._store.mark.epoch)
        self._store.apply(Write(mark, {out.key: out.value for out in sent.state[:-1]}, sent.hints))


class CommitsWindows(Owner):
    """Lets be committed what only waits in an open window."""

    def _durable(self, acknowledged: Acknowledged) -> None:
        super()._durable(acknowledged)
        self.watermark = self._marks.committable(None)


class CommitsRead(Owner):
    """Lets be committed what was taken in, as Faust does for an agent that returned."""

    def _enqueue(self, records: Sequence[Record]) -> None:
        super()._enqueue(records)
        self.watermark = records[-1].offset + 1

    def _durable(self, acknowledged: Acknowledged) -> None:
        before = self.watermark
        super()._durable(acknowledged)
        self.watermark = max(before or 0, self.watermark or 0)


class MendsNothing(Owner):
    """Does not look at what a former owner wrote in between."""

    def _rewrite(self, *_: object) -> Left:
        return Left(sent=False, reach=0)


class TakesGapsForKnown(Owner):
    """Goes past what another wrote once it was looked into, also where that one was further."""

    def _rewrite(self, gap: Gap, found: Mapping[bytes, bytes]) -> Left:
        return super()._rewrite(gap, found)._replace(reach=0)


class ForgetsCovered(Owner):
    """Acknowledges a step when its rows are there, its messages or not."""

    def _send(self, step: Step, begun: Underway) -> None:
        super()._send(step, begun)
        queue: Any = self._writer._queue  # noqa: SLF001
        sent: Publication = queue._queue.pop()  # noqa: SLF001
        self._writer._open += 1  # noqa: SLF001
        queue.put_nowait(replace(sent, cascades=(), dead=()))
        queue.put_nowait(replace(sent, state=(), rows={}, hints=[], events=0, ticket=self._marks.sent(sent.through)))


class SkipsReplays(Real):
    """Passes over what its rows hold already, as a guard against duplicates does."""

    @staticmethod
    def slices(rows: Rows, partition: Partition, records: Sequence[Record], windows: Windows, now_ms: int, rules: Rules) -> Slices:
        """Fold what is new and nothing else."""
        fresh = [record for record in records if record.offset >= partition.through]
        done = yield from Real.slices(rows, partition, fresh, windows, now_ms, rules)
        return done if fresh else msgspec.structs.replace(done, covers=records[-1].offset + 1)


class CountsReplays(Real):
    """Takes every event for new: `+= 1`."""

    @staticmethod
    def slices(rows: Rows, partition: Partition, records: Sequence[Record], windows: Windows, now_ms: int, rules: Rules) -> Slices:
        """Fold all as new."""
        return (yield from Real.slices(rows, msgspec.structs.replace(partition, through=0), records, windows, now_ms, rules))


class OffsetFirst(Real):
    """Writes the row that says how far the rows go before the rows."""

    @staticmethod
    def slices(rows: Rows, partition: Partition, records: Sequence[Record], windows: Windows, now_ms: int, rules: Rules) -> Slices:
        """Fold, and put the last record first."""
        done = yield from Real.slices(rows, partition, records, windows, now_ms, rules)
        done.state = [done.state[-1], *done.state[:-1]]
        return done


class LosesTombstones(Real):
    """Sends nothing about what is deleted."""

    @staticmethod
    def flush(rows: Rows, partition: Partition, windows: Windows, now_ms: int, rules: Rules) -> list[Out]:
        """Leave out every message with a tombstone."""
        return [out for out in Real.flush(rows, partition, windows, now_ms, rules) if b'"deleted":true' not in (out.value or b"")]


class TakesHalfSteps(Restorer):
    """Restores record by record, whether their step is whole or not."""

    def feed(self, records: Any, now_ms: int) -> Write:  # noqa: ANN401  any iterable
        """Take every record at once."""
        out: dict[bytes, bytes | None] = {}
        for record in records:
            self._take_now(record, out)
        hints = [pair for key, value in out.items() if value is not None for pair in child_hints(key, value)]
        return Write(msgspec.structs.replace(self._mark, written_ms=now_ms), out, hints)

    def _take_now(self, record: Record, out: dict[bytes, bytes | None]) -> None:
        through, time_ms = self._mark.through, self._mark.time_ms
        key = record.key or b""
        if key.startswith(b"offset/"):
            row = msgspec.json.decode(record.value or b"")
            through, time_ms = max(through, row["through"]), row["time_ms"]
        else:
            out[key] = record.value
        self._mark = msgspec.structs.replace(self._mark, changelog=record.offset, through=through, time_ms=time_ms)


def starts_behind_the_commit(committed: int | None, through: int, beginning: int) -> int:
    """Begin at what was committed, whether the rows reach it or not."""
    return max(beginning, committed or 0, through)


BROKEN: Final = {
    "commits what was read": Parts(owner=CommitsRead),
    "commits open windows": Parts(owner=CommitsWindows),
    "commits before messages are out": Parts(owner=ForgetsCovered),
    "mends nothing": Parts(owner=MendsNothing),
    "takes gaps for known": Parts(owner=TakesGapsForKnown),
    "skips replays": Parts(fold=SkipsReplays()),
    "counts replays": Parts(fold=CountsReplays()),
    "offset row first": Parts(fold=OffsetFirst()),
    "loses tombstones": Parts(fold=LosesTombstones()),
    "restores half steps": Parts(restorer=TakesHalfSteps),
    "starts at the rows": Parts(start_of=starts_behind_the_commit),
    "stores first": Parts(owner=StoresFirst),
}
