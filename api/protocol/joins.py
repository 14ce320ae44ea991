"""The streams of one connection: a cursor into each ring, and what is due on them."""

from typing import Any, Protocol

from api.protocol.control import error_data
from api.protocol.hub import Hub
from api.protocol.join import Join, Receiver
from api.protocol.resume import MAX_REPLAY, Behind, Replay, Snapshot
from schemas.frames import STREAM_PREFIX, Since
from schemas.problems import BEHIND, Problem


class Owner(Receiver, Protocol):
    """The connection whose streams these are."""

    def wake(self) -> None:
        """Note that something became due."""

    def reset(self, project_id: str) -> None:
        """Note that its place in a stream is of another epoch."""

    def conflate(self) -> None:
        """Note that it fell so far behind that a snapshot takes the place of its frames."""


class Joins:
    """dirty: streams on which something is due, besides what the fan-out sees to; it may have set them aside until that is sent."""

    __slots__ = ("_hub", "_joins", "_owner", "dirty")

    def __init__(self, hub: Hub, owner: Owner) -> None:
        self._hub = hub
        self._owner = owner
        self._joins: dict[str, Join] = {}
        self.dirty: dict[str, None] = {}

    def __contains__(self, project_id: str) -> bool:
        return project_id in self._joins

    def __len__(self) -> int:
        return len(self._joins)

    def projects(self) -> list[str]:
        """Return the joined projects."""
        return list(self._joins)

    def join(self, project_id: str, since: Since | None, now_ms: int) -> dict[str, Any] | None:
        """Join a stream, or join it again; returns its entry of `subscribed`, None while the edge is behind `since`."""
        join = self._new(project_id)
        join.since = since
        join.until_ms = now_ms + self._hub.limits.behind_ms
        return self._settle(project_id, join, now_ms)

    def leave(self, project_id: str) -> bool:
        """Leave a stream; False when it was not joined."""
        self.dirty.pop(project_id, None)
        join = self._joins.pop(project_id, None)
        if join is None:
            return False
        self._hub.detach(join)
        return True

    def leave_all(self) -> None:
        """Leave all streams."""
        for project_id in self.projects():
            self.leave(project_id)

    def mark(self, project_id: str) -> None:
        """Note that a joined stream has something new."""
        self.dirty[project_id] = None
        self._owner.wake()

    def set_aside(self, project_id: str) -> None:
        """Note that a joined stream has something new, and have the fan-out pass it over until all that is due on it was sent."""
        self.dirty[project_id] = None
        self._hub.detach(self._joins[project_id])

    def restart(self, project_id: str) -> None:
        """Send the whole state of a joined stream."""
        self._new(project_id)
        self.mark(project_id)

    def settle(self, now_ms: int) -> list[dict[str, Any]]:
        """Return the entries of `subscribed` of the joins that waited for the edge and are decided now."""
        waiting = [(project_id, join) for project_id, join in self._joins.items() if join.since is not None]
        entries = [self._settle(project_id, join, now_ms) for project_id, join in waiting]
        return [entry for entry in entries if entry is not None]

    @property
    def waiting(self) -> bool:
        """Whether some join waits for the edge to reach its place."""
        return any(join.since is not None for join in self._joins.values())

    def due(self, now_ms: int, budget: int) -> list[bytes]:
        """Return the frames that are due, about `budget` bytes of them; what is left stays due."""
        out: list[bytes] = []
        while self.dirty and budget > 0:
            project_id = next(iter(self.dirty))
            join = self._joins[project_id]
            frames = self._drain(project_id, join, now_ms, budget)
            budget -= sum(map(len, frames))
            out += frames
            if budget > 0:
                del self.dirty[project_id]
                self._hub.attach(join)
        return out

    def heads(self) -> list[dict[str, Any]]:
        """Return what a heartbeat says of each stream that waits for nothing."""
        return [self._head(project_id) for project_id, join in self._joins.items() if join.cursor == self._hub.ring(project_id).end]

    def _new(self, project_id: str) -> Join:
        self.leave(project_id)
        join = self._joins[project_id] = Join(project_id, self._owner)
        self._hub.attach(join)
        return join

    def _head(self, project_id: str) -> dict[str, Any]:
        digest, stamp = self._hub.rows.digest(project_id)
        return self._entry(project_id) | {"digest": digest, "stamp": stamp}

    def _entry(self, project_id: str) -> dict[str, Any]:
        return {
            "stream": STREAM_PREFIX + project_id,
            "epoch": self._hub.place(project_id).epoch,
            "sequence": self._hub.sequence(project_id),
            "position": self._hub.position(project_id),
        }

    def _settle(self, project_id: str, join: Join, now_ms: int) -> dict[str, Any] | None:
        status, replayed = "snapshot", 0
        decision = self._hub.decide(project_id, join.since)
        if isinstance(decision, Behind):
            return None if now_ms < join.until_ms else self._too_far(project_id)
        if isinstance(decision, Snapshot):
            if decision.reset:
                self._owner.reset(project_id)
        else:
            join.cursor = decision.cursor
            status, replayed = ("recovered", decision.count) if isinstance(decision, Replay) else ("live", 0)
        join.since = None
        self.mark(project_id)
        return {**self._entry(project_id), "status": status, "replayed": replayed}

    def _too_far(self, project_id: str) -> dict[str, Any]:
        """Give up a join whose place this edge did not reach in time."""
        self.leave(project_id)
        problem = Problem(BEHIND, retry_after_ms=self._hub.limits.behind_ms)
        return {**self._entry(project_id), "status": "error", "replayed": 0, "error": error_data(problem)}

    def _drain(self, project_id: str, join: Join, now_ms: int, budget: int) -> list[bytes]:
        """Frames from the cursor on; the snapshot when there is no cursor, it fell out of the ring, or it lags so far that this is less."""
        if join.since is not None:
            return []
        ring = self._hub.ring(project_id)
        if join.cursor is None or join.cursor < ring.first or ring.end - join.cursor > MAX_REPLAY:
            if join.cursor is not None:
                self._owner.conflate()
            join.cursor = ring.end
            return list(self._hub.snapshot(project_id, now_ms))
        frames: list[bytes] = []
        while budget > 0 and (frame := ring.get(join.cursor)) is not None:
            frames.append(frame.data)
            budget -= len(frame.data)
            join.cursor += 1
        return frames
