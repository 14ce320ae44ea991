"""Where records become state: rows into the replica, messages into the rings. Plain calls, one event-loop turn each."""

import itertools
import math
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from api.meters import Meters
from api.protocol.hub import Hub
from api.protocol.notices import notice
from api.protocol.roll import Roll
from api.replica import KINDS, MEMBER, Entry, Replica, public, read
from api.tracing import Headers, Traces
from schemas.messages import Bulk, Message, Metadata, Outcome, Update, decode_message
from schemas.rows import EpochRow, OffsetRow
from schemas.topics import split_key

NO_EPOCH: Final = "0"
_decode_offset = msgspec.json.Decoder(OffsetRow).decode
_decode_epoch = msgspec.json.Decoder(EpochRow).decode


class Jumped(Exception):  # noqa: N818  because it is what happened, not an error of ours
    """The topics are not the ones that were read before: records are missing, or a new life of theirs began."""


class Record(NamedTuple):
    """One record of a topic. timestamp_ms: when it was appended (ms since 1970)."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp_ms: int
    headers: Headers = ()


class Group(NamedTuple):
    """The parts of a split message that came so far."""

    parts: int
    values: list[tuple[int, bytes]]


class Audience(NamedTuple):
    """Who is told at once. appeared: of a project that came into being. regarded: of a user whose standing in a project changed."""

    appeared: Callable[[str], None]
    regarded: Callable[[str, str], None]


class Observed(NamedTuple):
    """Where a feed says what it sees."""

    meters: Meters
    traces: Traces


class Feed:
    """live: whether times of arrival mean anything (after bootstrap).

    cascades: whether rows are handed out, or only notices of what changed.
    """

    def __init__(self, replica: Replica, hub: Hub, observed: Observed, audience: Audience, *, cascades: bool = True) -> None:
        self.live = False
        self._replica = replica
        self._hub = hub
        self._meters, self._traces = observed
        self._audience = audience
        self._cascades = cascades
        self._staged: dict[int, dict[bytes, Entry | None]] = {}
        self._groups: dict[str, Group] = {}
        self._regarded: set[tuple[str, str]] = set()
        self._owed: dict[int, float] = {}
        self._again: set[int] = set()
        self.roll = Roll()

    # task-state

    def cut_off(self, partition: int) -> None:
        """Know that a partition's oldest rows were deleted: it is not whole before a worker has folded them all again."""
        self._owed[partition] = math.inf

    @property
    def owing(self) -> list[int]:
        """Return the partitions whose rows are not whole yet."""
        return sorted(number for number, through in self._owed.items() if self._hub.places[number].through < through)

    def state(self, record: Record, now_ms: int) -> None:
        """Take in a record of `task-state`. Rows wait for the offset row that ends their step, so nobody sees half a step.

        Raises `Jumped` when a new life of the topics begins.
        """
        try:
            kind, project_id, _ = split_key(record.key)
            if (kind in KINDS or kind == MEMBER) and project_id:
                self._staged.setdefault(record.partition, {})[record.key] = None if record.value is None else read(public(record.value))
            elif kind == "offset" and record.value is not None:
                self._end_step(_decode_offset(record.value), now_ms)
            elif kind == "epoch" and record.value is not None:
                self._epoch(_decode_epoch(record.value))
        except (msgspec.MsgspecError, ValueError):
            self._meters.poison.inc()

    def _end_step(self, row: OffsetRow, now_ms: int) -> None:
        staged = self._staged.get(row.partition, {})
        waiting: dict[bytes, Entry | None] = {
            key: entry for key, entry in staged.items() if entry is not None and entry.stamp >= row.through
        }
        for key, entry in staged.items():
            if key not in waiting:
                self._apply(key, entry)
        self._tell()
        self._staged[row.partition] = waiting
        place = self._hub.places[row.partition]
        if self.live and row.time_ms and row.through > place.through:
            self._meters.view_refresh.observe(max(0, now_ms - row.time_ms) / 1000)
        place.through = max(place.through, row.through)

    def _apply(self, key: bytes, entry: Entry | None) -> None:
        kind, project_id, row_id = split_key(key)
        if entry is None:
            self._replica.remove(kind, project_id, row_id)
            if kind == "project":
                self.roll.strike(project_id)
            elif kind == MEMBER:
                self.roll.strike_member(project_id, row_id)
        else:
            self._put(kind, project_id, entry)

    def _put(self, kind: str, project_id: str, entry: Entry) -> None:
        if kind == MEMBER:
            self.roll.note_member(project_id, entry.id, entry.stamp)
            self._regarded |= {(project_id, user_id) for user_id in self._replica.put_member(project_id, entry.data)}
            return
        if kind == "project":
            self.roll.note(project_id, entry.stamp, live=not entry.deleted)
        if self._replica.put(kind, project_id, entry):
            self._audience.appeared(project_id)

    def _tell(self) -> None:
        """Tell of changed standings once all rows that belong together are in: the end of a project takes its members along."""
        regarded, self._regarded = self._regarded, set()
        for project_id, user_id in sorted(regarded):
            self._audience.regarded(project_id, user_id)

    def _epoch(self, row: EpochRow) -> None:
        place = self._hub.places[row.partition]
        if self.live and place.epoch != row.epoch:
            raise Jumped
        if row.whole and row.partition in self._again:
            return  # several workers began at the same time: the first one's row holds for all
        place.epoch = row.epoch
        if row.whole:
            self._again.add(row.partition)
            self._owed[row.partition] = place.through
            place.through = 0

    # cascades

    def cascade(self, record: Record, now_ms: int) -> None:
        """Take in a record of `cascades`. Raises `Jumped` when records are missing before it."""
        place = self._hub.places[record.partition]
        if record.offset != place.applied:
            raise Jumped
        project_id = record.key.decode(errors="replace")
        try:
            message = decode_message(record.value or b"")
            self._message(record, project_id, message, now_ms)
        except (msgspec.MsgspecError, ValueError):
            self._meters.poison.inc()
            self._hub.skip(project_id, record.offset + 1)
        self._hub.advance(record.partition, record.offset + 1)

    def _message(self, record: Record, project_id: str, message: Message, now_ms: int) -> None:
        if isinstance(message, Outcome):
            self._outcome(project_id, message)
            return
        value = (record.value or b"") if self._cascades else notice(message)
        for kind, entry in rows_of(message):
            self._put(kind, project_id, entry)
        self._tell()
        if isinstance(message, Bulk) and isinstance(message.parts, int) and message.parts > 1:
            self._part(project_id, message, record.offset + 1, value, now_ms)
        else:
            self._give_up(project_id)
            self._hub.publish(project_id, record.offset + 1, value, now_ms)
        self._echoes(project_id, message)
        if self.live:
            self._observe(record, message, now_ms)

    def _observe(self, record: Record, message: Update | Bulk, now_ms: int) -> None:
        self._meters.message(message, record.timestamp_ms, now_ms)
        if record.headers:
            self._traces.delivered(record.headers, message, record.timestamp_ms)

    def _part(self, project_id: str, message: Bulk, sequence: int, value: bytes, now_ms: int) -> None:
        """Hand out a group of parts when it is whole. One whose start was not seen is passed over."""
        group = self._groups.get(project_id)
        if message.part == 1:
            self._give_up(project_id)
            group = self._groups[project_id] = Group(int(message.parts or 1), [])
            self._hub.hold(project_id, sequence)
        elif group is None or message.part != len(group.values) + 1 or message.parts != group.parts:
            self._give_up(project_id)
            self._hub.skip(project_id, sequence)
            return
        group.values.append((sequence, value))
        if len(group.values) == group.parts:
            del self._groups[project_id]
            self._hub.release(project_id)
            for part_sequence, part in group.values:
                self._hub.publish(project_id, part_sequence, part, now_ms)

    def _give_up(self, project_id: str) -> None:
        """Pass over a group that will not become whole: its writer ended, and the next one says it all again."""
        group = self._groups.pop(project_id, None)
        if group is not None:
            self._hub.release(project_id)
            self._hub.skip(project_id, group.values[-1][0])

    def _outcome(self, project_id: str, outcome: Outcome) -> None:
        correlation_id, user_id = outcome.metadata.correlation_id, outcome.metadata.user_id
        if isinstance(correlation_id, str):
            self._hub.outcome(project_id, correlation_id, user_id if isinstance(user_id, str) else None, outcome)

    def _echoes(self, project_id: str, message: Update | Bulk) -> None:
        """Take a message as the worker's yes to each change that it says is in it."""
        metadata = message.metadata
        if isinstance(message, Update):
            self._echo(project_id, message, metadata.user_id, metadata.correlation_id)
        elif metadata.merged:
            users = {one.user_id for one in metadata.merged.sessions}
            for user_id, correlation_id in itertools.product(users, metadata.merged.correlation_ids):
                self._echo(project_id, message, user_id, correlation_id)

    def _echo(self, project_id: str, message: Update | Bulk, user_id: object, correlation_id: object) -> None:
        """Take a message as the worker's yes to the change with this correlation id."""
        if not (isinstance(correlation_id, str) and isinstance(user_id, str) and self._hub.awaits(project_id, correlation_id, user_id)):
            return
        metadata = Metadata(message.metadata.source, message.metadata.position, user_id, correlation_id=correlation_id)
        self._outcome(
            project_id,
            Outcome(
                id=message.id,
                stream=message.stream,
                timestamp=message.timestamp,
                action="applied",
                metadata=metadata,
                message_id=message.id,
            ),
        )


def rows_of(message: Update | Bulk) -> list[tuple[str, Entry]]:
    """Return the rows of a message as (kind, entry), ancestors first: a tombstone then drops what is below it."""
    data = message.payload.data
    rows = [("project", read(bytes(raw))) for raw in data.cascade.projects]
    rows += [("branch", read(bytes(raw))) for raw in data.cascade.branches]
    rows += [("task", read(bytes(raw))) for raw in data.cascade.tasks]
    if isinstance(message, Update):
        rows.append((message.payload.entity, read(bytes(message.payload.data.primary))))
    else:
        rows += [(change.entity, read(bytes(change.row))) for change in message.payload.data.primary]
    return rows
