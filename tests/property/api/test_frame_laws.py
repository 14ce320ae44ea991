"""The law of frames: whatever a client sends, a session answers by the contract, ends for good, and leaves nothing behind."""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import TypeAdapter

from api.protocol.access import Principal, Standing
from api.protocol.effects import Append, Close, Verify
from api.protocol.inputs import Gone, NotTaken, Refused, Shutdown, Taken, Tick, Verified, parse
from api.protocol.limits import Limits
from api.protocol.session import Phase, Session
from api.protocol.transitions import receive
from schemas.contract import ServerFrame
from schemas.messages import Metadata, Outcome, Position
from schemas.problems import LOG_UNAVAILABLE, UNAUTHENTICATED, Problem
from tests.unit.api.protocol.fakes import EPOCH, NOW, World

CONTRACT: TypeAdapter[Any] = TypeAdapter(ServerFrame)
CONTROL = {"sync", "heartbeat", "ack", "error"}
WORDS = st.sampled_from(["p", "q", "nowhere", "", "x" * 200, "\x00", "ä/%", "*"])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
SINCE = st.none() | ANY | st.fixed_dictionaries({"epoch": st.sampled_from([EPOCH, "e0", ""]), "sequence": st.integers(-2, 2**70)})
STREAMS = st.lists(st.fixed_dictionaries({"stream": st.builds("project:{}".format, WORDS) | WORDS}, optional={"since": SINCE}), max_size=6)
FIELDS = st.dictionaries(st.sampled_from(["id", "project_id", "branch_id", "task_id", "status", "title", "user_id", "role", "stamp"]), ANY)
DATA = ANY | st.fixed_dictionaries({"streams": STREAMS}) | st.fixed_dictionaries({"primary": FIELDS}, optional={"ifStamp": ANY})
ACTIONS = st.sampled_from(["subscribe", "unsubscribe", "resume", "token", "ping", "pong", "create", "patch", "delete", "x"])
PAYLOAD = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["subscribe", "unsubscribe", "resume", "token", "ping", "pong", "create", "patch", "delete", "x"]),
        "data": DATA,
    },
    optional={"entity": st.sampled_from(["task", "branch", "project", "subtask", "context", "member", "cat"]) | ANY},
)
FRAMES = st.fixed_dictionaries(
    {"type": st.sampled_from(["sync", "heartbeat", "update", "bulk", "ack"]), "payload": PAYLOAD | ANY},
    optional={"id": ANY | WORDS, "stream": st.sampled_from(["project:p", "project:q", "x"]) | ANY, "metadata": ANY, "extra": ANY},
)


class Frames(RuleBasedStateMachine):
    """One edge of two projects, one client that sends anything, and a driver that answers as drivers do."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Limits(messages_per_second=1_000_000, burst=1_000_000, ring_frames=3))
        self.world.rows.standings["q", "u"] = Standing.VIEWER
        self.now = NOW
        self.session = self.new()
        self.closed = False

    def new(self) -> Session:
        """Return a session of a user who may write to one project and read the other."""
        return Session("c", Principal("u", frozenset({"p"}), frozenset(), NOW + 3_600_000), self.world.hub, self.world, self.now)

    @initialize()
    def begin(self) -> None:
        """Both projects are there."""
        self.world.publish("p")
        self.world.publish("q")

    def take(self, happened: Any) -> None:  # noqa: ANN401  any input
        """Tell the session, and carry out what follows."""
        for effect in receive(self.session, happened, self.now):
            assert not self.closed, "a closed session wants nothing"
            match effect:
                case Close(code=code, reason=reason):
                    assert 1000 <= code < 5000
                    assert len(reason.encode()) <= 123
                    self.closed = True
                case Append(write=write):
                    assert write.event.project_id == "p", "only what may be written is"
                    assert (write.event.user_id, write.event.source) == ("u", "user")
                case Verify(token=token):
                    assert isinstance(token, str)
        self.read()

    def read(self) -> None:
        """Take what is due: each frame by the contract, none that is too large."""
        for frame in self.world.due(self.session):
            decoded = json.loads(frame)
            if decoded["type"] in CONTROL:
                CONTRACT.validate_json(frame)
                assert decoded["sequence"] == 0
            else:
                assert decoded["stream"] in {"project:p", "project:q"}
            assert len(frame) <= 262_144

    @rule(frame=FRAMES)
    def send(self, frame: dict[str, Any]) -> None:
        """Send something that looks like a frame."""
        self.take(parse(json.dumps(frame)))

    @rule(text=st.text(max_size=40) | st.binary(max_size=40).map(lambda data: data.decode(errors="replace")) | ANY.map(json.dumps))
    def send_anything(self, text: str) -> None:
        """Send something that does not."""
        self.take(parse(text))

    @rule(kind=st.integers(0, 6), text=WORDS)
    def answer(self, kind: int, text: str) -> None:
        """Let the driver answer, late or twice."""
        principal = Principal("u" if kind else "v", frozenset({"p"}), frozenset(), self.now + 90_000)
        inputs = [
            Verified(principal),
            Verified(principal),
            Refused(Problem(UNAUTHENTICATED)),
            Taken(text, text, Position(0, 1)),
            NotTaken(text, Problem(LOG_UNAVAILABLE)),
            Tick(),
            Shutdown(1, 1),
        ]
        self.take(inputs[kind])

    @rule(project_id=st.sampled_from(["p", "q"]), correlation_id=WORDS, error=st.none() | WORDS)
    def decide(self, project_id: str, correlation_id: str, error: str | None) -> None:
        """Let the worker decide about a change, and go on."""
        self.world.publish(project_id)
        metadata = Metadata(source="user", position=Position(0, 1), user_id="u", correlation_id=correlation_id)
        outcome = Outcome(id="o", stream="s", timestamp=0, action="applied", metadata=metadata, message_id="m")
        if error is not None:
            outcome.action, outcome.error = "rejected", error
        self.world.hub.outcome(project_id, correlation_id, "u", outcome)
        self.read()

    @rule(passed=st.integers(0, 40_000))
    def wait(self, passed: int) -> None:
        """Let time pass."""
        self.now += passed
        self.take(Tick())

    @rule()
    def come_again(self) -> None:
        """Go, and come anew."""
        self.take(Gone())
        self.leaves_nothing()
        self.session, self.closed = self.new(), False

    @invariant()
    def ends_for_good(self) -> None:
        """Hold a closed session to joining nothing and waiting for nothing."""
        if self.closed:
            assert self.session.phase is Phase.CLOSED
            self.leaves_nothing()

    def leaves_nothing(self) -> None:
        """Check that the hub knows nobody any more."""
        hub = self.world.hub
        assert (hub.listeners, len(self.session.joins.projects())) == (0, 0)


Frames.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestFrames = Frames.TestCase
