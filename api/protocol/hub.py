"""All streams of an edge: their rings, how far each partition was read, and who wants to know.

Nothing here waits or sends. Who joined a stream is served by the fan-out, which `wake` calls for; who watches one is marked.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec
from msgspec import Struct

from api.protocol.fanout import Moved
from api.protocol.join import Join
from api.protocol.limits import Limits
from api.protocol.resume import Decision, decide
from api.protocol.ring import Frame, Ring
from api.protocol.snapshot import At, Snapshots, Summaries
from api.protocol.splice import splice
from schemas.frames import Since
from schemas.messages import Outcome, Position

_encode = msgspec.json.Encoder().encode


class Place(Struct):
    """One partition at this edge. Sequences: `floor` where the tail began, `applied` what was read. through: `task-changes`."""

    epoch: str
    floor: int = 0
    applied: int = 0
    through: int = 0


class Listener(Protocol):
    """A connection as the hub sees it."""

    def mark(self, project_id: str) -> None:
        """Note that a stream it joined has something new."""

    def decided(self, message_id: str, outcome: Outcome) -> None:
        """Note what the worker decided about one of its changes."""

    def reset(self, project_id: str) -> None:
        """Note that its place in a stream is of another epoch."""


class Late(Protocol):
    """A connection with a join that is ahead of this edge."""

    def settle(self, now_ms: int) -> None:
        """Look whether the edge has come to the join's place."""


class Waiting(Struct, frozen=True):
    """A change whose outcome somebody waits for."""

    listener: Listener
    message_id: str
    user_id: str
    until_ms: int


class Hub:
    """Streams by project id; `partition_of` says where a project lives. wake: called when the fan-out has something to do."""

    def __init__(self, rows: Summaries, partition_of: Callable[[str], int], limits: Limits) -> None:
        self.rows = rows
        self.places: dict[int, Place] = {}
        self.limits = limits
        self.wake: Callable[[], None] = lambda: None
        self.late: dict[Late, None] = {}
        self._partition_of = partition_of
        self._snapshots = Snapshots(rows)
        self._rings: dict[str, Ring] = {}
        self._held: dict[str, int] = {}
        self._joined: dict[str, dict[Join, None]] = {}
        self._moved: dict[str, None] = {}
        self._watchers: dict[str, set[Listener]] = {}
        self._waiting: dict[tuple[str, str, str | None], Waiting] = {}
        self._bytes = 0

    # Reading

    def place(self, project_id: str) -> Place:
        """Return the partition of a project as it stands."""
        return self.places[self._partition_of(project_id)]

    def ring(self, project_id: str) -> Ring:
        """Return the ring of a project, empty when nothing passed yet."""
        ring = self._rings.get(project_id)
        if ring is None:
            ring = self._rings[project_id] = Ring()
        return ring

    def sequence(self, project_id: str) -> int:
        """Return up to where this stream can be joined: what was read, or just before a group of parts that is not whole yet."""
        applied = self.place(project_id).applied
        held = self._held.get(project_id)
        return applied if held is None else min(applied, held - 1)

    def position(self, project_id: str) -> Position:
        """Return up to where the rows of a project include `task-changes`."""
        partition = self._partition_of(project_id)
        return Position(partition, self.places[partition].through)

    def decide(self, project_id: str, since: Since | None) -> Decision:
        """Return how to serve a stream from a client's place."""
        place = self.place(project_id)
        return decide(since, place.epoch, place.floor, self.sequence(project_id), self.ring(project_id))

    def snapshot(self, project_id: str, now_ms: int) -> list[bytes]:
        """Return the frames of the project's snapshot, as it stands."""
        return self._snapshots.at(
            At(
                project_id=project_id,
                sequence=self.sequence(project_id),
                epoch=self.place(project_id).epoch,
                position=self.position(project_id),
                now_ms=now_ms,
                max_bytes=self.limits.outbound_bytes,
            )
        )

    # Who wants to know

    def attach(self, join: Join) -> None:
        """Let the fan-out serve this join."""
        self._joined.setdefault(join.project_id, {})[join] = None

    def detach(self, join: Join) -> None:
        """Serve it no more, or not for now: until it is attached again, nothing that passes touches it."""
        joins = self._joined.get(join.project_id, {})
        joins.pop(join, None)
        if not joins:
            self._joined.pop(join.project_id, None)

    def moved(self) -> list[Moved]:
        """Return, once, the streams with something new that somebody joined."""
        names, self._moved = self._moved, {}
        return [Moved(self._rings[name], tuple(self._joined[name])) for name in names if name in self._joined]

    def watch(self, project_id: str, listener: Listener) -> None:
        """Mark this listener when the stream moves."""
        self._watchers.setdefault(project_id, set()).add(listener)

    def unwatch(self, project_id: str, listener: Listener) -> None:
        """Mark it no more."""
        watchers = self._watchers.get(project_id)
        if watchers is not None:
            watchers.discard(listener)
            if not watchers:
                del self._watchers[project_id]

    def await_outcome(self, project_id: str, correlation_id: str, waiting: Waiting) -> None:
        """Tell this listener when the worker's answer with the correlation id passes by."""
        self._waiting[project_id, correlation_id, waiting.user_id] = waiting

    @property
    def listeners(self) -> int:
        """Return how many places are held: attached joins, wishes to be told, and changes whose outcome somebody waits for."""
        return sum(map(len, self._joined.values())) + sum(map(len, self._watchers.values())) + len(self._waiting)

    def forget(self, listener: Listener) -> None:
        """Drop what a connection waits for."""
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if waiting.listener is not listener}

    # What was read

    def publish(self, project_id: str, sequence: int, value: bytes, now_ms: int) -> None:
        """Take in a finished message of `cascades` and mark who wants it."""
        ring = self.ring(project_id)
        place = self.place(project_id)
        data = splice(value, sequence, max(ring.last, place.floor), _encode(place.epoch))
        self._bytes += ring.append(Frame(sequence, data, now_ms), self.limits.ring_frames)
        self._mark(project_id)

    def advance(self, partition: int, applied: int) -> None:
        """Note up to where a partition was read."""
        self.places[partition].applied = applied
        if self.late:
            self.wake()

    def skip(self, project_id: str, sequence: int) -> None:
        """Pass over a record that cannot be handed out: whoever has not passed it needs a snapshot."""
        self._bytes -= self.ring(project_id).skip(sequence)
        self._mark(project_id)

    def renew(self, project_id: str) -> None:
        """Have everybody get the project's snapshot, whoever stands where: its rows were wrong here, at stamps that they keep."""
        self._bytes -= self.ring(project_id).renew(self.place(project_id).applied)
        self._mark(project_id)

    def is_whole(self, project_id: str) -> bool:
        """Tell whether the rows stand between two messages, not inside a group of parts."""
        return project_id not in self._held

    def hold(self, project_id: str, sequence: int) -> None:
        """Note that a group of parts begins at this sequence; nobody joins inside it."""
        self._held.setdefault(project_id, sequence)

    def release(self, project_id: str) -> None:
        """Note that the group is whole, or given up."""
        self._held.pop(project_id, None)

    def awaits(self, project_id: str, correlation_id: str, user_id: str) -> bool:
        """Tell whether this user waits for the worker's answer with the correlation id."""
        return (project_id, correlation_id, user_id) in self._waiting

    def outcome(self, project_id: str, correlation_id: str, user_id: str | None, outcome: Outcome) -> None:
        """Tell who waits for it that the worker answered a change. Only the writer's own answer counts."""
        waiting = self._waiting.pop((project_id, correlation_id, user_id), None)
        if waiting is not None:
            waiting.listener.decided(waiting.message_id, outcome)

    def begin(self, partition: int, place: Place) -> None:
        """Start a partition, before anything of it is read."""
        self.places[partition] = place

    def sweep(self, now_ms: int) -> None:
        """Drop frames that are too old, then the rings of the quietest streams until all fit; and waiting that ran out."""
        for ring in self._rings.values():
            self._bytes -= ring.expire(now_ms - self.limits.ring_ms)
        if self._bytes > self.limits.ring_total_bytes:
            self._shrink()
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if waiting.until_ms > now_ms}

    def _shrink(self) -> None:
        for ring in sorted(self._rings.values(), key=lambda ring: ring.last):
            while ring.first < ring.end and self._bytes > self.limits.ring_total_bytes:
                self._bytes -= ring.evict()

    def _mark(self, project_id: str) -> None:
        for listener in self._watchers.get(project_id, ()):
            listener.mark(project_id)
        if project_id in self._joined:
            self._moved[project_id] = None
            self.wake()
