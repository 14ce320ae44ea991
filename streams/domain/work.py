"""The moving parts of one step: the rows, the messages and the clocks, record by record."""

from collections import Counter
from collections.abc import Iterator

from schemas.events import Event
from schemas.rows import OffsetRow
from schemas.topics import row_key
from streams.domain.activity import Activity
from streams.domain.apply import apply
from streams.domain.changelog import state_records
from streams.domain.decode import Poison, decode
from streams.domain.fold import Applied, Fold
from streams.domain.letters import Letters, letter_event
from streams.domain.node import public_bytes
from streams.domain.publish import Publisher
from streams.domain.records import DeadLetter, Partition, Record, Rows, Step
from streams.domain.replay import changed_keys, decision_again, project_keys
from streams.domain.rules import SLICE_ROWS, Rules
from streams.domain.settle import Settlement, settlement_of
from streams.domain.times import text_of
from streams.domain.windows import Windows


class Work:
    """One step under way. `take` and `replay` get the records in log order, `result` ends it."""

    def __init__(self, rows: Rows, partition: Partition, windows: Windows, now_ms: int, rules: Rules) -> None:
        self.partition = partition
        self.windows = windows
        self.fold = Fold(rows, rules, partition.time_ms, self._surface)
        self.publisher = Publisher(partition, windows, self.fold.get, now_ms, rules)
        self.activity = Activity()
        self.letters = Letters(self.fold)
        self.dead: list[DeadLetter] = []
        self.counts: Counter[str] = Counter()
        self.applied = 0
        self.project_id = ""
        self.record_time = text_of(self.fold.record_ms)

    def take(self, record: Record) -> None:
        """Apply a new record."""
        settles = settlement_of(record.headers) if record.headers else None
        if settles is not None:
            self._settle(record, settles)
            return
        event = self._read(record)
        if event is None:
            self._degrade(record)
            return
        urgent = self.publisher.before(event, record)
        self._conclude(event, record, apply(self.fold, event), urgent=urgent)

    def _conclude(self, event: Event, record: Record, result: Applied | str, *, urgent: bool) -> None:
        """Count what became of an event, and tell of it."""
        error = None
        if isinstance(result, Applied):
            self.applied += 1
            self.activity.note(self.fold, event)
            self.publisher.change(event, record, result, urgent=urgent)
        else:
            error = result
            self.counts[result] += 1
        if event.correlation_id is not None:
            self.publisher.answer(event, record, error)

    def _settle(self, record: Record, settles: Settlement) -> None:
        """Close a dead letter; where its event comes again, apply it unless its row has changed since."""
        event = self._read(record) if settles.replays else self._drop(record)
        if event is None:
            self.letters.close(record, settles.offset)
            self._degrade(record)
            return
        urgent = self.publisher.before(event, record)
        scope = self.fold.scope(event.project_id)
        closed = self.letters.close(record, settles.offset)
        result = self.letters.apply(event, settles) if settles.replays else "dropped"
        if closed and isinstance(result, Applied) and scope.key not in {result.key, *result.ancestors}:
            result.ancestors = (*result.ancestors, scope.key)
        elif closed and not isinstance(result, Applied):
            self.publisher.change(letter_event(record, self.partition.number), record, Applied(scope.key, closed, ()), urgent=urgent)
        self._conclude(event, record, result, urgent=urgent)

    def bury_doomed(self) -> Iterator[None]:
        """Bury what goes with the row that was just deleted, and write the tombstones' bytes; yields after every so many."""
        buried, self.fold.doomed = self.fold.doomed or iter(()), None
        total = 0
        for total, _ in enumerate(buried, 1):
            if total % SLICE_ROWS == 0:
                yield
        if total < SLICE_ROWS:
            return
        for count, node in enumerate(list(self.fold.touched.values()), 1):
            public_bytes(node)
            if count % SLICE_ROWS == 0:
                yield

    def replay(self, record: Record) -> None:
        """Tell again what a record changed that the rows already hold."""
        settles = settlement_of(record.headers) if record.headers else None
        event = self._read(record) if settles is None or settles.replays else self._drop(record)
        if settles is not None or event is None:
            self.letters.touch(record, None if settles is None else settles.offset)
            self._tell_again(letter_event(record, self.partition.number))
        if event is None:
            return
        self.counts["replayed"] += 1
        self._tell_again(event)
        known, error = decision_again(event, self.fold.get(row_key(event.entity, event.project_id, event.entity_id)))
        if known:
            self.publisher.answer(event, record, error)

    def end_replay(self) -> None:
        """Publish what a replay has collected."""
        self.windows.end_replay(self.publisher.now_ms)
        self.publisher.close_due()

    def result(self, through: int, covers: int) -> Step:
        """Return the step. `through`: end of the input that its rows include; `covers`: as in `Step`."""
        fold = self.fold
        self.publisher.close_begun(through)
        self.activity.write(fold)
        if self.applied:
            self.counts["applied"] = self.applied
        return Step(
            through=through,
            time_ms=fold.time_ms,
            covers=covers,
            rows=fold.touched,
            state=state_records(fold.touched, OffsetRow(partition=self.partition.number, through=through, time_ms=fold.time_ms)),
            hints=fold.hints,
            cascades=self.publisher.out,
            dead=self.dead,
            counts=dict(self.counts),
            late=self.activity.late,
        )

    def _read(self, record: Record) -> Event | None:
        """Decode a record and move the fold's clocks to it; returns None for poison, which is set aside."""
        fold = self.fold
        fold.offset = record.offset
        if record.timestamp_ms != fold.record_ms:
            self._move_clocks(record)
        event = decode(record)
        if isinstance(event, Poison):
            self.counts["poison"] += 1
            self.dead.append(DeadLetter(record, event.reason, event.detail))
            return None
        self.project_id = event.project_id
        fold.activity = min(self.record_time, event.occurred_at)
        return event

    def _drop(self, record: Record) -> Event:
        """Return what a record that only drops a dead letter means, as an event of the system."""
        self.fold.offset = record.offset
        self._move_clocks(record)
        event = letter_event(record, self.partition.number)
        self.project_id = event.project_id
        return event

    def _move_clocks(self, record: Record) -> None:
        fold = self.fold
        fold.record_ms = record.timestamp_ms
        self.record_time = text_of(record.timestamp_ms)
        fold.time_ms = max(fold.time_ms, record.timestamp_ms)

    def _degrade(self, record: Record) -> None:
        """Count a dead letter in the project that the record's key names, if there is one."""
        event = letter_event(record, self.partition.number)
        self.project_id = event.project_id
        before = self.letters.open(record)
        if before is not None:
            key = self.fold.scope(event.project_id).key
            self.publisher.change(event, record, Applied(key, before, ()), urgent=False)

    def _tell_again(self, event: Event) -> None:
        keys = list(changed_keys(self.fold, event))
        if not keys:
            return
        window, begun = self.windows.collect(event.project_id, self.publisher.now_ms)
        above = tuple(project_keys(self.fold, event.project_id)) if begun else ()
        for key in (*above, *keys):
            self.fold.touch(key)
        window.add_again(event, self.fold.offset, keys, above)

    def _surface(self, key: bytes) -> None:
        self.publisher.surface(self.project_id, key, self.fold.offset)
