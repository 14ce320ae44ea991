"""One connection of protocol 2.0, without any I/O: inputs and the time go in, effects and due frames come out.

The driver calls `api.protocol.transitions.receive` for each input, carries out the effects, and sends `due()` whenever its outlet was
woken. The frames of streams come by themselves, from the fan-out, as long as the session is `prompt`.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from api.protocol.access import Action, Principal, authorize, readable
from api.protocol.bucket import Bucket
from api.protocol.control import close_reason, control, decision_data, error_data
from api.protocol.effects import Close, Effect
from api.protocol.hub import Hub
from api.protocol.inputs import Shutdown
from api.protocol.join import Outlet
from api.protocol.joins import Joins
from api.protocol.tail import Tail
from schemas.frames import ALL_PROJECTS, BAD_FRAME, RESTARTING, STREAM_PREFIX, TOO_MANY, CloseCode, Want
from schemas.messages import Outcome
from schemas.problems import (
    INVALID_FRAME,
    RATE,
    RESTART,
    SUBSCRIPTIONS,
    UNKNOWN_PROJECT,
    Problem,
)


class Phase(StrEnum):
    """JOINING: nothing subscribed yet. OPEN: streams run. CLOSED: nothing more is sent or taken."""

    JOINING = "joining"
    OPEN = "open"
    CLOSED = "closed"


class Session:
    """State of one connection. held: its socket is full. look_ms: nothing depends on the time before.

    joined: streams by how they were joined; conflated: backlogs that a snapshot replaced. The driver reads and clears both.
    """

    __slots__ = (
        "_bucket",
        "_frames",
        "_outbox",
        "conflated",
        "effects",
        "every_project",
        "held",
        "hub",
        "id",
        "joined",
        "joins",
        "look_ms",
        "now_ms",
        "opened_ms",
        "outlet",
        "phase",
        "pinged_ms",
        "principal",
        "prompt",
        "sent_ms",
        "unknown_frames",
        "waits",
        "warned",
        "write",
    )

    def __init__(self, connection_id: str, principal: Principal, hub: Hub, outlet: Outlet, now_ms: int) -> None:
        self.id = connection_id
        self.principal = principal
        self.outlet = outlet
        self.write: Callable[[Tail], None] = outlet.write
        self.phase = Phase.JOINING
        self.joins = Joins(hub, self)
        self.every_project = False
        self.unknown_frames = 0
        self.joined: dict[str, int] = {}
        self.conflated = 0
        self.prompt = True
        self.held = False
        self.waits = False
        self.sent_ms = now_ms
        self.look_ms = 0
        self.hub = hub
        self.now_ms = now_ms
        self.opened_ms = now_ms
        self.pinged_ms: int | None = None
        self.warned = False
        self._frames = 0
        self._bucket = Bucket(hub.limits.messages_per_second, hub.limits.burst, now_ms)
        self._outbox: list[bytes] = []
        self.effects: list[Effect] = []

    # For the driver

    def begin(self, now_ms: int, *, from_client: bool) -> None:
        """Note the time, and what a client's frame means by itself: it is alive, and sends at some rate."""
        self.now_ms = now_ms
        if from_client and self.phase is not Phase.CLOSED:
            self.pinged_ms = None
            self.look_ms = 0
            if not self._bucket.take(now_ms):
                self.close(TOO_MANY, Problem(RATE, retry_after_ms=1000))

    def take_effects(self) -> list[Effect]:
        """Return what the driver must do, once."""
        effects, self.effects = self.effects, []
        return effects

    def due(self, now_ms: int, budget: int = 262_144) -> list[bytes]:
        """Return frames to send, about `budget` bytes of them; empty when nothing is due. Control frames go first."""
        self.now_ms = now_ms
        out, self._outbox = self._outbox, []
        out += self.joins.due(now_ms, budget)
        if out:
            self.sent_ms = now_ms
        self.prompt = not (self.held or self.joins.dirty)
        return out

    def hold(self) -> None:
        """Note that the socket takes no more for now."""
        self.held = True
        self.prompt = False

    def go_on(self) -> None:
        """Note that the socket takes more again."""
        self.held = False
        self.wake()

    @property
    def backlog(self) -> int:
        """Control frames that wait to be sent."""
        return len(self._outbox)

    # For the hub and the fan-out

    def wake(self) -> None:
        """Have the driver ask for what is due."""
        self.prompt = False
        self.outlet.wake()

    def lag(self, project_id: str) -> None:
        """Note that a joined stream has something new, which goes out with what is due already; no need to say so again."""
        self.joins.set_aside(project_id)

    def settle(self, now_ms: int) -> None:
        """Look whether the edge has come to where joins wait for it."""
        self.now_ms = now_ms
        self._subscribed(self.joins.settle(now_ms))
        if not self.joins.waiting:
            self.hub.late.pop(self, None)

    def mark(self, project_id: str) -> None:
        """Note that a joined stream has something new."""
        self.joins.mark(project_id)

    def reset(self, project_id: str) -> None:
        """Say that the client's place is of another epoch, and send the whole state."""
        self.say("sync", "reset", {"stream": STREAM_PREFIX + project_id, "epoch": self.hub.place(project_id).epoch})
        self.joins.restart(project_id)

    def conflate(self) -> None:
        """Count a backlog that a snapshot replaces."""
        self.conflated += 1

    def decided(self, message_id: str, outcome: Outcome) -> None:
        """Say what the worker decided about a change of this connection."""
        self.say("ack", outcome.action, decision_data(message_id, outcome))

    def reconsider(self, project_id: str, now_ms: int) -> None:
        """Look again at a project that came into being, or in which the user's standing changed: join it, leave it, or neither."""
        self.now_ms = now_ms
        if not self.may_read(project_id):
            self.evict([project_id] if project_id in self.joins else [])
        elif self.every_project and project_id not in self.joins and self.hub.rows.live(project_id):
            self._subscribed([self.joins.join(project_id, None, now_ms)])

    def tell(self, action: str, data: dict[str, Any], now_ms: int) -> None:
        """Send a `sync` frame that concerns everybody: stale, live."""
        self.now_ms = now_ms
        self.say("sync", action, data)

    # Steps, as `api.protocol.transitions` names them

    def say(self, type_: str, action: str, data: dict[str, Any]) -> None:
        """Make a control frame due."""
        self._frames += 1
        self._outbox.append(control(type_, action, data, f"{self.id}-{self._frames}", self.now_ms))
        self.wake()

    def close(self, code: CloseCode, problem: Problem) -> None:
        """End the connection."""
        self.leave()
        self.effects.append(Close(code.code, close_reason(problem)))

    def leave(self) -> None:
        """Join nothing, wait for nothing."""
        self.phase = Phase.CLOSED
        self.every_project = False
        self.joins.leave_all()
        self.hub.late.pop(self, None)
        if self.waits:
            self.hub.forget(self)

    def subscribe(self, wants: list[Want]) -> None:
        """Join streams: the named ones where the client stands, then all others when `project:*` is among them."""
        limit = self.hub.limits.subscriptions
        if len(wants) > limit:
            self.close(BAD_FRAME, Problem(INVALID_FRAME, f"at most {limit} streams a frame"))
            return
        self.phase = Phase.OPEN
        self.every_project = self.every_project or any(want.stream == ALL_PROJECTS for want in wants)
        named = {want.stream: want for want in wants if want.stream != ALL_PROJECTS}
        self._subscribed([self._join(want) for want in named.values()] + self._join_others(), always=True)

    def catch_up(self) -> None:
        """Join what may be read by now, where all of the user's projects are wanted."""
        self._subscribed(self._join_others())

    def unsubscribe(self, wants: list[Want]) -> None:
        """Leave streams; `project:*` leaves all."""
        streams = [want.stream for want in wants]
        if ALL_PROJECTS in streams:
            self.every_project = False
            streams += [STREAM_PREFIX + project_id for project_id in self.joins.projects()]
        left = [stream for stream in dict.fromkeys(streams) if stream == ALL_PROJECTS or self._leave(stream)]
        self.say("sync", "unsubscribed", {"streams": [{"stream": stream} for stream in left]})

    def heartbeat(self, action: str) -> None:
        """Say where all streams stand. Nothing must be due on them, or the client would be told of frames it has not."""
        self.say("heartbeat", action, {"streams": self.joins.heads()})

    def shutdown(self, happened: Shutdown) -> None:
        """Say goodbye and close."""
        self.say("sync", "goodbye", {"retryAfterMs": happened.retry_after_ms, "jitterMs": happened.jitter_ms})
        self.close(RESTARTING, Problem(RESTART, retry_after_ms=happened.retry_after_ms))

    # Inside

    def may_read(self, project_id: str) -> bool:
        """Return whether the user may read this project, as things stand."""
        return authorize(self.principal, Action.READ, project_id, self.hub.rows)

    def evict(self, projects: list[str]) -> None:
        """Leave streams that the user may not read any more. What was due on them is not sent."""
        left = [{"stream": STREAM_PREFIX + project_id} for project_id in projects if self.joins.leave(project_id)]
        if left:
            self.say("sync", "unsubscribed", {"streams": left})

    def _join_others(self) -> list[dict[str, Any] | None]:
        """Join the user's projects that are not joined, if all of them are wanted; returns their entries of `subscribed`."""
        others = readable(self.principal, self.hub.rows) if self.every_project else []
        return [self.joins.join(project_id, None, self.now_ms) for project_id in others if project_id not in self.joins]

    def _leave(self, stream: str) -> bool:
        return stream.startswith(STREAM_PREFIX) and self.joins.leave(_project(stream))

    def _join(self, want: Want) -> dict[str, Any] | None:
        project_id = _project(want.stream)
        problem = self._refusal(want.stream, project_id)
        if problem is None:
            return self.joins.join(project_id, want.since, self.now_ms)
        return {"stream": want.stream, "status": "error", "epoch": None, "sequence": 0, "replayed": 0, "error": error_data(problem)}

    def _refusal(self, stream: str, project_id: str) -> Problem | None:
        if not stream.startswith(STREAM_PREFIX) or not self.may_read(project_id):
            return Problem(UNKNOWN_PROJECT)
        if self.hub.rows.project(project_id) is None:
            return Problem(UNKNOWN_PROJECT)
        if not self.every_project and project_id not in self.joins and len(self.joins) >= self.hub.limits.subscriptions:
            return Problem(SUBSCRIPTIONS)
        return None

    def _subscribed(self, entries: Sequence[dict[str, Any] | None], *, always: bool = False) -> None:
        streams = [entry for entry in entries if entry is not None]
        for entry in streams:
            self.joined[entry["status"]] = self.joined.get(entry["status"], 0) + 1
        if len(streams) < len(entries):
            self.hub.late[self] = None
            self.look_ms = 0
        if streams or always:
            self.say("sync", "subscribed", {"streams": streams})


def _project(stream: str) -> str:
    return stream.removeprefix(STREAM_PREFIX)
