"""What a session does as time passes."""

from api.protocol.effects import Close
from api.protocol.inputs import Pong, Subscribe, Tick
from api.protocol.transitions import receive
from schemas.frames import Since, Want
from tests.unit.api.protocol.fakes import EPOCH, NOW, World, actions, said, subscribed


def test_heartbeats_say_where_streams_stand() -> None:
    """After a silence the edge pings, with digest and place of what is not due; no answer ends the connection."""
    world = World()
    place = world.publish("p")
    session = subscribed(world, "project:p")
    session.due(NOW)
    receive(session, Tick(), NOW + 24_999)
    assert session.due(NOW + 24_999) == []
    receive(session, Tick(), NOW + 25_000)
    ((action, data),) = said(session.due(NOW + 25_000))
    assert action == "ping"
    assert data["streams"] == [
        {
            "stream": "project:p",
            "epoch": EPOCH,
            "sequence": place,
            "position": {"partition": 0, "offset": 0},
            "digest": place * 7,
            "stamp": place,
        }
    ]
    receive(session, Tick(), NOW + 30_000)
    receive(session, Pong(), NOW + 40_000)
    receive(session, Tick(), NOW + 52_000)
    assert actions(session.due(NOW + 52_000)) == ["ping"]
    (close,) = receive(session, Tick(), NOW + 78_000)
    assert isinstance(close, Close)
    assert close.code == 4408


def test_who_never_subscribes_is_sent_away() -> None:
    """Within the limit, by the clock."""
    world = World()
    session = world.session()
    assert receive(session, Tick(), NOW + 5_000) == []
    (close,) = receive(session, Tick(), NOW + 5_001)
    assert close == Close(4408, '{"c":"timeout"}')


def test_the_next_look_is_never_too_late() -> None:
    """Whatever is due, a tick at the noted time sees it: a driver need not look before."""
    world = World()
    world.publish("p")
    session = world.session(expires_ms=NOW + 100_000)
    receive(session, Tick(), NOW)
    assert session.look_ms == NOW + 5_000  # who does not subscribe
    receive(session, Subscribe([Want("project:p")]), NOW)
    session.due(NOW)
    receive(session, Tick(), NOW)
    assert session.look_ms == NOW + 25_000  # a ping when it is silent
    receive(session, Tick(), NOW + 25_000)
    assert actions(session.due(NOW + 25_000)) == ["ping"]
    assert session.look_ms == NOW + 40_000  # the warning of the token, before the answer to the ping is overdue
    receive(session, Pong(), NOW + 26_000)
    receive(session, Tick(), NOW + 40_000)
    assert actions(session.due(NOW + 40_000)) == ["token-expiring"]
    assert session.look_ms == NOW + 50_000
    late = subscribed(world, "project:p", since=Since(EPOCH, 99))
    receive(late, Tick(), NOW)
    assert late.look_ms == 0  # a place that is waited for
