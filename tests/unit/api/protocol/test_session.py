"""One connection, without any I/O: what it says, what it asks of its driver, when it ends."""

from api.protocol.access import Standing
from api.protocol.effects import Close
from api.protocol.inputs import (
    Ping,
    Shutdown,
    Subscribe,
    Unsubscribe,
)
from api.protocol.transitions import receive
from schemas.frames import ALL_PROJECTS, Since, Want
from tests.unit.api.protocol.fakes import EPOCH, NOW, World, said, statuses, subscribed


def test_what_may_not_be_read_is_unknown() -> None:
    """A foreign project, one that is not there, and no stream at all look the same; the others are joined."""
    world = World()
    world.publish("mine")
    world.publish("theirs")
    session = world.session(projects=["mine", "future"])
    receive(session, Subscribe([Want(f"project:{name}") for name in ("mine", "theirs", "future")] + [Want("mine")]), NOW)
    frames = said(session.due(NOW))
    entries = frames[0][1]["streams"]
    assert [entry["status"] for entry in entries] == ["snapshot", "error", "error", "error"]
    assert {entry["error"]["code"] for entry in entries[1:]} == {"unknown-project"}


def test_all_projects_are_those_of_now_and_later() -> None:
    """Named ones keep their place; a new one is announced with its snapshot; only readable ones."""
    world = World()
    world.publish("p")
    place = world.publish("q")
    session = world.session(projects=["p", "q", "r"])
    receive(session, Subscribe([Want(ALL_PROJECTS), Want("project:q", Since(EPOCH, place))]), NOW)
    assert statuses(session) == [("project:q", "live"), ("project:p", "snapshot")]
    for project_id in ("r", "s"):
        world.publish(project_id)
        session.reconsider(project_id, NOW)
        session.reconsider(project_id, NOW)
    assert statuses(session) == [("project:r", "snapshot")]
    receive(session, Unsubscribe([Want(ALL_PROJECTS)]), NOW)
    assert len(said(session.due(NOW))[0][1]["streams"]) == 4
    session.reconsider("p", NOW)
    assert session.due(NOW) == []


def test_a_heartbeat_leaves_out_streams_with_frames_due() -> None:
    """Else a client would believe it has them."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    receive(session, Ping(), NOW)
    assert said(session.due(NOW))[1] == ("pong", {"streams": []})


def test_the_end_is_announced() -> None:
    """Goodbye with a hint, then 1012; what was said before still goes out."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    session.due(NOW)
    session.tell("stale", {"since": 1}, NOW)
    (close,) = receive(session, Shutdown(500, 2_000), NOW)
    assert session.backlog == 2
    assert said(session.due(NOW)) == [("stale", {"since": 1}), ("goodbye", {"retryAfterMs": 500, "jitterMs": 2_000})]
    assert close == Close(1012, '{"c":"restart","r":500}')


def test_a_right_that_ends_ends_the_stream_at_once() -> None:
    """What was due on it is not sent; a right that begins joins it, where all projects were asked for."""
    world = World()
    for project_id in ("p", "q"):
        world.publish(project_id)
    session = world.session(projects=["p"])
    receive(session, Subscribe([Want(ALL_PROJECTS)]), NOW)
    session.due(NOW)
    world.publish("p")
    world.rows.standings["p", "u"] = Standing.REMOVED
    session.reconsider("p", NOW)
    session.reconsider("p", NOW)
    world.publish("p")
    assert said(session.due(NOW)) == [("unsubscribed", {"streams": [{"stream": "project:p"}]})]
    world.rows.standings["q", "u"] = Standing.VIEWER
    session.reconsider("q", NOW)
    assert statuses(session) == [("project:q", "snapshot")]
    world.rows.put("q", 9, deleted=True)
    session.reconsider("q", NOW)
    assert session.due(NOW) == []


def test_what_is_not_joined_is_not_left() -> None:
    """Neither a stream that is not there nor a text that names none; each stream that was joined is, once."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    world.due(session)
    for streams, left in (([], []), (["p", "project:q"], []), (["project:p", "project:p"], ["project:p"])):
        receive(session, Unsubscribe([Want(stream) for stream in streams]), NOW)
        assert said(session.due(NOW)) == [("unsubscribed", {"streams": [{"stream": stream} for stream in left]})]
