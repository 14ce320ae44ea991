"""The streams of one connection: how they are joined, what is due on them."""

from collections.abc import Iterable

from api.protocol.effects import Close
from api.protocol.hub import Hub, Place
from api.protocol.inputs import (
    Ping,
    Resume,
    Subscribe,
    Tick,
    Unsubscribe,
)
from api.protocol.limits import Limits
from api.protocol.session import Phase
from api.protocol.transitions import receive
from schemas.frames import ALL_PROJECTS, Since, Want
from tests.unit.api.protocol.fakes import EPOCH, NOW, FakeRows, World, actions, said, statuses, subscribed


def test_a_snapshot_then_frames() -> None:
    """Joined without a place: all of it, then each change once."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    frames = session.due(NOW)
    assert actions(frames) == ["subscribed", "snapshot"]
    world.publish("p")
    assert actions(world.due(session)) == ["update"]
    assert world.due(session) == []
    assert world.wakes >= 2


def test_a_place_in_the_ring_replays_and_the_newest_is_live() -> None:
    """Status, number and frames agree."""
    world = World()
    places = [world.publish("p") for _ in range(3)]
    session = subscribed(world, "project:p", since=Since(EPOCH, places[0]))
    frames = session.due(NOW)
    assert said(frames)[0][1]["streams"][0]["replayed"] == 2
    assert actions(frames) == ["subscribed", "update", "update"]
    receive(session, Resume([Want("project:p", Since(EPOCH, places[-1]))]), NOW)
    assert statuses(session) == [("project:p", "live")]
    assert session.joined == {"recovered": 1, "live": 1}


def test_another_epoch_is_told_before_the_snapshot() -> None:
    """Reset, then what holds now."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p", since=Since("old", 1))
    frames = session.due(NOW)
    assert actions(frames) == ["reset", "subscribed", "snapshot"]
    assert said(frames)[0][1] == {"stream": "project:p", "epoch": EPOCH}


def test_an_edge_that_is_behind_waits_and_never_answers_backwards() -> None:
    """It answers when it has caught up, or says after a while that it has not."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p", since=Since(EPOCH, 2))
    assert statuses(session) == []
    world.publish("p")
    assert world.due(session) == []
    receive(session, Tick(), NOW + 100)
    assert statuses(session) == [("project:p", "live")]
    soon = subscribed(world, "project:p", since=Since(EPOCH, 4))
    assert statuses(soon) == []
    soon.settle(NOW)
    assert statuses(soon) == []
    wakes = world.wakes
    world.hub.wake = world.wake
    world.hub.advance(0, 4)
    assert world.wakes == wakes + 1
    soon.settle(NOW)
    assert statuses(soon) == [("project:p", "live")]
    wakes = world.wakes
    world.hub.advance(0, 4)
    assert world.wakes == wakes
    late = subscribed(world, "project:p", since=Since(EPOCH, 99))
    receive(late, Ping(), NOW)
    assert said(late.due(NOW))[-1] == ("pong", {"streams": []})
    receive(late, Tick(), NOW + 5_000)
    assert statuses(late) == [("project:p", "error")]
    assert len(late.joins) == 0


def test_a_slow_client_gets_a_budget_and_a_snapshot_when_it_fell_behind() -> None:
    """Memory is the ring's, whoever reads how slowly."""
    world = World(Limits(ring_frames=4))
    world.publish("p")
    session = subscribed(world, "project:p")
    session.due(NOW)
    session.hold()
    for _ in range(3):
        world.publish("p")
    world.fan_out()
    session.go_on()
    assert actions(world.due(session, budget=1)) == ["update"]
    for _ in range(9):
        world.publish("p")
    assert actions(world.due(session)) == ["snapshot"]
    assert world.due(session) == []


def test_leaving_a_stream_ends_its_frames() -> None:
    """What was not joined is not said to be left."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    session.due(NOW)
    receive(session, Unsubscribe([Want("project:p"), Want("project:q")]), NOW)
    assert said(session.due(NOW)) == [("unsubscribed", {"streams": [{"stream": "project:p"}]})]
    world.publish("p")
    assert session.due(NOW) == []


def test_a_deleted_project_is_its_tombstone() -> None:
    """Who knew it learns that it is gone; it is not among all projects."""
    world = World()
    world.rows.put("p", 3, deleted=True)
    session = subscribed(world, "project:p")
    assert said(session.due(NOW))[1][1]["primary"]["deleted"] is True
    assert statuses(subscribed(world, ALL_PROJECTS)) == []


def test_streams_have_a_limit() -> None:
    """In a frame it ends the connection, on a connection it is an error of the stream; joining again is free."""
    world = World(Limits(subscriptions=2))
    for number in range(4):
        world.publish(f"p{number}")
    session = world.session()
    for number in (0, 1, 2, 1):
        receive(session, Subscribe([Want(f"project:p{number}")]), NOW)
    assert [status for _, status in statuses(session)] == ["snapshot", "snapshot", "error", "snapshot"]
    (close,) = receive(session, Subscribe([Want("a"), Want("b"), Want("c")]), NOW)
    assert isinstance(close, Close)
    assert close.code == 4400
    assert session.phase is Phase.CLOSED


class CountedRows(FakeRows):
    """Rows that count how often a snapshot is made of them."""

    made = 0

    def branches(self, project_id: str) -> Iterable[bytes]:
        """Count."""
        self.made += 1
        return super().branches(project_id)


def test_two_thousand_who_join_at_once_share_one_snapshot() -> None:
    """The very same bytes; one more is made when something moves."""
    world = World()
    world.rows = rows = CountedRows()
    world.hub = Hub(rows, lambda _project_id: 0, Limits())
    world.hub.begin(0, Place(EPOCH))
    for _ in range(2):
        world.publish("p")
        frames = [world.due(subscribed(world, "project:p"))[-1] for _ in range(1_000)]
        assert len({id(frame) for frame in frames}) == 1
    assert rows.made == 2
