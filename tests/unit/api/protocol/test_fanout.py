"""Who gets what when streams move."""

from api.protocol.fanout import Moved, fan_out
from api.protocol.inputs import Gone, Resume
from api.protocol.join import Receiver
from api.protocol.limits import Limits
from api.protocol.session import Session
from api.protocol.tail import Tail
from api.protocol.transitions import receive
from schemas.frames import Want
from tests.unit.api.protocol.fakes import NOW, World, actions, subscribed


def ready(world: World, *streams: str) -> Session:
    """Return a session that has all there is of these streams."""
    session = subscribed(world, *streams)
    world.due(session)
    return session


def given(world: World, max_bytes: int = 100_000) -> list[tuple[Receiver, Tail]]:
    """Return whom the fan-out gives what."""
    return list(fan_out(world.hub.moved(), max_bytes, NOW + 7))


def test_all_who_stand_at_the_same_place_share_the_bytes() -> None:
    """Each once, the very same object; then nothing, until the stream moves again."""
    world = World()
    world.publish("p")
    sessions = [ready(world, "project:p") for _ in range(3)]
    world.publish("p")
    world.publish("p")
    found = given(world)
    assert [receiver for receiver, _ in found] == sessions
    assert len({id(tail) for _, tail in found}) == 1
    assert actions(found[0][1].frames) == ["update", "update"]
    assert sessions[0].sent_ms == NOW + 7
    assert given(world) == []
    world.publish("p")
    sessions[0].due(NOW)
    receive(sessions[0], Resume([Want("project:p")]), NOW)
    sessions[0].due(NOW)
    assert [receiver for receiver, _ in given(world)] == sessions[1:]


def test_who_stands_elsewhere_gets_what_it_has_not() -> None:
    """Each place's bytes are put together once, whoever stands between."""
    world = World()
    world.publish("p")
    first, between, last = (ready(world, "project:p") for _ in range(3))
    world.publish("p")
    [stream] = world.hub.moved()
    others = Moved(stream.ring, [join for join in stream.joins if join.receiver is not between])
    assert len(list(fan_out([others], 100_000, NOW))) == 2
    world.publish("p")
    found = given(world)
    assert [(receiver, len(tail.frames)) for receiver, tail in found] == [(first, 1), (between, 2), (last, 1)]
    assert found[0][1] is found[2][1]


def test_what_moved_together_leaves_together() -> None:
    """One write for a receiver of several streams; who has the same ones shares their bytes."""
    world = World()
    for project_id in ("p", "q"):
        world.publish(project_id)
    both, same, one = ready(world, "project:p", "project:q"), ready(world, "project:q", "project:p"), ready(world, "project:q")
    for project_id in ("p", "q", "p"):
        world.publish(project_id)
    found = dict(given(world))
    assert found[both] is found[same]
    assert [len(found[session].frames) for session in (both, one)] == [3, 1]


def test_who_cannot_be_sent_to_is_passed_over_and_gets_it_later() -> None:
    """A full socket, or something else due before: nothing overtakes, nothing is lost."""
    world = World()
    world.publish("p")
    full, busy = ready(world, "project:p"), ready(world, "project:p")
    full.hold()
    busy.say("sync", "live", {})
    world.publish("p")
    assert given(world) == []
    assert actions(busy.due(NOW)) == ["live", "update"]
    wakes = world.wakes
    full.go_on()
    assert world.wakes == wakes + 1
    assert actions(full.due(NOW)) == ["update"]


def test_a_full_socket_is_touched_once_however_much_passes() -> None:
    """The stream does not even move for it until it has been sent what it missed; then it gets each frame again."""
    world = World()
    world.publish("p")
    full = ready(world, "project:p")
    full.hold()
    world.publish("p")
    assert [len(stream.joins) for stream in world.hub.moved()] == [1]
    full.lag("p")
    for _ in range(3):
        world.publish("p")
    assert world.hub.moved() == []
    assert world.hub.listeners == 0

    full.go_on()
    assert actions(full.due(NOW, budget=1)) == ["update"]
    assert world.hub.listeners == 0
    assert actions(full.due(NOW)) == ["update"] * 3
    world.publish("p")
    assert [(receiver, actions(tail.frames)) for receiver, tail in given(world)] == [(full, ["update"])]

    full.hold()
    world.publish("p")
    given(world)
    receive(full, Gone(), NOW)
    world.publish("p")
    assert given(world) == []


def test_too_much_at_once_and_what_left_the_ring_is_asked_for() -> None:
    """The fan-out writes no more than its limit; the session then goes on in portions, or by a snapshot."""
    world = World(Limits(ring_frames=2))
    world.publish("p")
    session = ready(world, "project:p")
    world.publish("p")
    assert given(world, max_bytes=10) == []
    assert not session.prompt
    assert actions(session.due(NOW)) == ["update"]
    for _ in range(3):
        world.publish("p")
    assert given(world) == []
    assert actions(session.due(NOW)) == ["snapshot"]
    assert session.prompt


def test_a_session_that_left_gets_nothing() -> None:
    """Also when it left between the move and the fan-out."""
    world = World()
    world.publish("p")
    session = ready(world, "project:p")
    world.publish("p")
    receive(session, Gone(), NOW)
    assert given(world) == []
