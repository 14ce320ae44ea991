"""The law of streams: however frames, joins, slow reading and cuts interleave, a client never misses a change and never goes back."""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from api.protocol.inputs import Gone, Resume, Subscribe, Tick
from api.protocol.limits import Limits
from api.protocol.session import Session
from api.protocol.transitions import receive
from schemas.frames import ALL_PROJECTS, Since, Want
from tests.unit.api.protocol.fakes import EPOCH, NOW, World

PROJECTS = ("p", "q")


class Reader:
    """A client by the rules of the protocol."""

    def __init__(self) -> None:
        self.position: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.seen: dict[str, list[int]] = {}
        self.session: Session | None = None

    def take(self, data: bytes) -> None:
        """Take a frame in; a gap is a broken law."""
        frame: dict[str, Any] = json.loads(data)
        if "stream" not in frame:
            return
        project_id = frame["stream"].removeprefix("project:")
        at = self.position.get(project_id, -1)
        if frame["payload"]["action"] == "snapshot":
            rows = [frame["payload"]["data"]["primary"]]
        else:
            if frame["sequence"] <= at:
                return
            assert frame["prev"] <= at, "a change was missed"
            rows = frame["payload"]["data"]["cascade"]["projects"]
        assert frame["sequence"] >= at, "it went back"
        self.position[project_id] = frame["sequence"]
        for row in rows:
            self.rows[project_id] = max(self.rows.get(project_id, -1), row["stamp"])


class Streams(RuleBasedStateMachine):
    """Two projects in one partition, a few clients, a small ring."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Limits(ring_frames=3, messages_per_second=1_000_000, burst=1_000_000))
        self.readers = [Reader(), Reader(), Reader()]

    @initialize()
    def begin(self) -> None:
        """Both projects are there."""
        for project_id in PROJECTS:
            self.world.publish(project_id)

    @rule(project_id=st.sampled_from(PROJECTS))
    def publish(self, project_id: str) -> None:
        """Change a project."""
        self.world.publish(project_id)

    @rule(project_id=st.sampled_from(PROJECTS))
    def skip(self, project_id: str) -> None:
        """Pass over a record that cannot be handed out; its rows are there all the same."""
        sequence = self.world.applied + 1
        self.world.rows.put(project_id, sequence, "main")
        self.world.hub.skip(project_id, sequence)
        self.world.hub.places[0].applied = sequence
        self.world.publish(project_id)

    @rule(number=st.integers(0, 2), known=st.booleans(), everything=st.booleans())
    def connect(self, number: int, *, known: bool, everything: bool) -> None:
        """Let a client come, or come back after a cut, with its places or without."""
        reader = self.readers[number]
        if reader.session is not None:
            receive(reader.session, Gone(), NOW)
        reader.session = self.world.session()
        wants = [Want(f"project:{name}", Since(EPOCH, at) if known else None) for name, at in reader.position.items()]
        receive(reader.session, Subscribe([*wants, Want(ALL_PROJECTS)] if everything or not wants else wants), NOW)

    @rule(number=st.integers(0, 2), project_id=st.sampled_from(PROJECTS))
    def resume(self, number: int, project_id: str) -> None:
        """Let a client repair one stream."""
        reader = self.readers[number]
        if reader.session is not None and project_id in reader.session.joins:
            at = reader.position.get(project_id)
            receive(reader.session, Resume([Want(f"project:{project_id}", None if at is None else Since(EPOCH, at))]), NOW)

    @rule(number=st.integers(0, 2), budget=st.integers(1, 2_000))
    def read(self, number: int, budget: int) -> None:
        """Let a client read a little."""
        reader = self.readers[number]
        if reader.session is not None:
            for frame in self.world.due(reader.session, budget):
                reader.take(frame)

    @rule(number=st.integers(0, 2), full=st.booleans())
    def fill(self, number: int, *, full: bool) -> None:
        """Let a client's socket be full, or take more again."""
        session = self.readers[number].session
        if session is not None:
            (session.hold if full else session.go_on)()

    @rule()
    def fan_out(self) -> None:
        """Hand out what is new to all who can take it."""
        self.world.fan_out()

    @rule()
    def tick(self) -> None:
        """Time passes."""
        for reader in self.readers:
            if reader.session is not None:
                receive(reader.session, Tick(), NOW)

    @invariant()
    def every_reader_that_catches_up_has_the_rows(self) -> None:
        """Read to the end: the rows are the edge's."""
        for reader in self.readers:
            if reader.session is None or not reader.session.joins.projects():
                continue
            reader.session.go_on()
            while frames := self.world.due(reader.session, 100):
                for frame in frames:
                    reader.take(frame)
            for project_id in reader.session.joins.projects():
                assert reader.rows[project_id] == self.world.rows.table[project_id]["stamp"]


class LazyStreams(Streams):
    """The same, but clients catch up only at the end: so rings overrun."""

    every_reader_that_catches_up_has_the_rows = None  # type: ignore[assignment]

    def teardown(self) -> None:
        """Let all catch up."""
        Streams.every_reader_that_catches_up_has_the_rows(self)


TestStreams = Streams.TestCase
TestStreams.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLazyStreams = LazyStreams.TestCase
TestLazyStreams.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
