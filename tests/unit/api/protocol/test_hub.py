"""All streams of an edge: frames in order, places, memory bounds, who is told."""

import json
from typing import Any

from api.protocol.hub import Waiting
from api.protocol.inputs import Subscribe
from api.protocol.limits import Limits
from api.protocol.resume import Live, Replay, Snapshot
from api.protocol.transitions import receive
from schemas.frames import Since, Want
from schemas.messages import Metadata, Outcome, Position
from tests.unit.api.protocol.fakes import EPOCH, NOW, World, update


class Ear:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def mark(self, project_id: str) -> None:
        """Note a mark."""
        self.heard.append(("mark", project_id))

    def decided(self, message_id: str, outcome: Outcome) -> None:
        """Note a decision."""
        self.heard.append((outcome.action, message_id))

    def reset(self, project_id: str) -> None:
        """Note a reset."""
        self.heard.append(("reset", project_id))


def outcome(user_id: str = "u") -> Outcome:
    """Return an outcome."""
    metadata = Metadata(source="user", position=Position(0, 1), user_id=user_id, correlation_id="c")
    return Outcome(id="o", stream="project:p", timestamp=0, action="applied", metadata=metadata, message_id="m")


def test_frames_carry_their_place_and_the_one_before() -> None:
    """`prev` chains the frames of one stream; the first one's is the floor."""
    world = World(applied=10)
    for project_id in ("p", "q", "p"):
        world.publish(project_id)
    ring = world.hub.ring("p")
    frames = [json.loads(frame.data) for cursor in (0, 1) if (frame := ring.get(cursor))]
    assert [(frame["sequence"], frame["prev"], frame["epoch"]) for frame in frames] == [(11, 10, EPOCH), (13, 11, EPOCH)]
    assert frames[0]["type"] == "update"


def test_listeners_of_a_stream_are_marked() -> None:
    """Only those of that stream, and only while they watch."""
    world, ear = World(), Ear()
    world.hub.watch("p", ear)
    world.publish("p")
    world.publish("q")
    world.hub.unwatch("p", ear)
    world.hub.unwatch("p", ear)
    world.publish("p")
    assert ear.heard == [("mark", "p")]
    other = Ear()
    world.hub.watch("p", ear)
    world.hub.watch("p", other)
    world.hub.unwatch("p", ear)
    world.publish("p")
    assert (ear.heard, other.heard) == ([("mark", "p")], [("mark", "p")])


def test_a_skipped_record_sends_everybody_to_a_snapshot() -> None:
    """Whoever has not passed it cannot go on by replay; who has, can."""
    world = World()
    world.publish("p")
    world.hub.skip("p", 2)
    world.hub.places[0].applied = 2
    assert world.hub.decide("p", Since(EPOCH, 1)) == Snapshot()
    world.publish("p")
    assert world.hub.decide("p", Since(EPOCH, 2)) == Replay(2, 1)
    assert world.hub.decide("p", Since(EPOCH, 3)) == Live(3)


def test_a_project_that_was_mended_is_sent_whole() -> None:
    """To everybody, also to whoever stands at the very end of the stream; what comes next continues it."""
    world = World()
    world.publish("p")
    session = world.session()
    receive(session, Subscribe([Want("project:p")]), NOW)
    assert len(world.due(session)) == 2
    world.hub.renew("p")
    (snapshot,) = [json.loads(frame) for frame in world.due(session)]
    assert (snapshot["payload"]["action"], snapshot["sequence"]) == ("snapshot", 1)
    assert world.hub.decide("p", Since(EPOCH, 1)) == Snapshot()
    world.publish("p")
    (frame,) = [json.loads(frame) for frame in world.due(session)]
    assert (frame["sequence"], frame["prev"]) == (2, 1)
    assert isinstance(world.hub.decide("p", Since(EPOCH, 2)), Live)


def test_nobody_joins_inside_a_group_of_parts() -> None:
    """While it is not whole, the stream ends before it."""
    world = World()
    world.publish("p")
    world.hub.hold("p", 2)
    world.hub.hold("p", 3)
    world.hub.places[0].applied = 3
    assert (world.hub.sequence("p"), world.hub.sequence("q")) == (1, 3)
    assert (world.hub.is_whole("p"), world.hub.is_whole("q")) == (False, True)
    world.hub.release("p")
    assert world.hub.sequence("p") == 3


def test_only_the_writer_hears_of_its_change() -> None:
    """Project, correlation id and user must be those of the write; once; and not for ever."""
    world, ear = World(), Ear()
    hub = world.hub
    hub.await_outcome("p", "c", Waiting(ear, "m", "u", NOW + 10))
    hub.outcome("q", "c", "u", outcome())
    hub.outcome("p", "c", "mallory", outcome())
    assert ear.heard == []
    hub.outcome("p", "c", "u", outcome())
    hub.outcome("p", "c", "u", outcome())
    assert ear.heard == [("applied", "m")]
    other = Ear()
    hub.await_outcome("p", "c", Waiting(ear, "m2", "u", NOW + 10))
    hub.await_outcome("p", "c", Waiting(other, "m", "mallory", NOW + 10))
    hub.outcome("p", "c", "u", outcome())
    assert (ear.heard.pop(), other.heard) == (("applied", "m2"), []), "whoever else uses the same correlation id takes nobody's answer"
    hub.await_outcome("p", "c", Waiting(ear, "m", "u", NOW + 10))
    hub.sweep(NOW + 10)
    hub.outcome("p", "c", "u", outcome())
    hub.await_outcome("p", "c", Waiting(ear, "m", "u", NOW + 10))
    hub.forget(Ear())
    hub.forget(ear)
    hub.outcome("p", "c", "u", outcome())
    assert ear.heard == [("applied", "m")]


def test_old_frames_and_too_many_bytes_leave_memory() -> None:
    """By age in each ring, then from the quietest streams until all fit."""
    frame = len(update("p", 1)) + 60
    world = World(Limits(ring_ms=100, ring_total_bytes=3 * frame))
    world.publish("quiet", NOW)
    for _ in range(4):
        world.publish("loud", NOW + 50)
    world.hub.sweep(NOW + 50)
    assert world.hub.ring("quiet").end - world.hub.ring("quiet").first == 0
    assert 1 <= world.hub.ring("loud").end - world.hub.ring("loud").first <= 3
    world.hub.sweep(NOW + 200)
    assert world.hub.ring("loud").first == world.hub.ring("loud").end == 4
    world.publish("loud", NOW + 200)
    world.hub.sweep(NOW + 200)
    assert world.hub.ring("loud").size > 0
