"""One connection, without any I/O: what it says, what it asks of its driver, when it ends."""

import json
from typing import Literal

import pytest

from api.protocol.access import Principal, Standing
from api.protocol.effects import Append, Close, Verify
from api.protocol.inputs import (
    Input,
    NotTaken,
    Ping,
    Pong,
    Refused,
    Shutdown,
    Subscribe,
    Taken,
    Tick,
    Token,
    Unsubscribe,
    Verified,
    parse,
)
from api.protocol.session import Phase
from api.protocol.times import iso
from api.protocol.transitions import receive
from schemas.frames import ALL_PROJECTS, Since, Want
from schemas.messages import Metadata, Outcome, Position
from schemas.problems import LOG_UNAVAILABLE, UNAUTHENTICATED, Problem
from tests.unit.api.protocol.fakes import EPOCH, NOW, World, actions, said, statuses, subscribed


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


def test_a_heartbeat_leaves_out_streams_with_frames_due() -> None:
    """Else a client would believe it has them."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    receive(session, Ping(), NOW)
    assert said(session.due(NOW))[1] == ("pong", {"streams": []})


def test_who_never_subscribes_is_sent_away() -> None:
    """Within the limit, by the clock."""
    world = World()
    session = world.session()
    assert receive(session, Tick(), NOW + 5_000) == []
    (close,) = receive(session, Tick(), NOW + 5_001)
    assert close == Close(4408, '{"c":"timeout"}')


def test_a_token_warns_renews_and_ends() -> None:
    """Warned once, 60 s ahead; a new one of the same user holds at once, with its rights; another user's ends it; so does the time."""
    world = World()
    world.publish("p")
    world.publish("q")
    session = world.session(expires_ms=NOW + 61_000)
    receive(session, Subscribe([Want(ALL_PROJECTS)]), NOW)
    session.due(NOW)
    receive(session, Tick(), NOW + 1_000)
    receive(session, Tick(), NOW + 2_000)
    assert said(session.due(NOW)) == [("token-expiring", {"tokenExp": NOW + 61_000})]
    assert receive(session, Token("jwt"), NOW) == [Verify("jwt")]
    receive(session, Verified(Principal("u", frozenset({"p"}), frozenset(), NOW + 90_000)), NOW)
    assert said(session.due(NOW)) == [("token", {"tokenExp": NOW + 90_000}), ("unsubscribed", {"streams": [{"stream": "project:q"}]})]
    receive(session, Verified(Principal("u", frozenset({"p"}), frozenset(), NOW + 95_000)), NOW)
    assert actions(session.due(NOW)) == ["token"]
    (close,) = receive(session, Tick(), NOW + 95_000)
    assert isinstance(close, Close)
    assert close.code == 4401
    for happened, code in ((Verified(Principal("x", frozenset())), 4403), (Refused(Problem(UNAUTHENTICATED)), 4401)):
        (close,) = receive(world.session(), happened, NOW)
        assert isinstance(close, Close)
        assert close.code == code


def change(**fields: object) -> Input:
    """Return a client's change of a task."""
    payload = {"entity": "task", "action": "patch", "data": {"primary": {"id": "t", "status": "done"}}}
    return parse(json.dumps({"type": "update", "id": "m", "stream": "project:p", "payload": payload} | fields))


def test_a_change_is_written_accepted_and_decided() -> None:
    """The answers name the message; the decision comes to who waits for it."""
    world = World()
    session = world.session()
    (append,) = receive(session, change(), NOW)
    assert isinstance(append, Append)
    event = append.write.event
    assert (event.id, event.source, event.user_id, event.occurred_at) == ("m", "user", "u", iso(NOW))
    session.expect(append.write, NOW)
    receive(session, Taken("m", "m", Position(0, 5)), NOW)
    receive(session, Taken("m", "m", Position(0, 5), known=True), NOW)
    receive(session, NotTaken("m", Problem(LOG_UNAVAILABLE, retry_after_ms=7)), NOW)
    frames = said(session.due(NOW))
    assert [action for action, _ in frames] == ["accepted", "duplicate", "failed"]
    assert frames[0][1] == {"messageId": "m", "correlationId": "m", "position": {"partition": 0, "offset": 5}}
    assert (frames[2][1]["messageId"], frames[2][1]["retryAfterMs"]) == ("m", 7)
    for answer in (decision("applied", None), decision("rejected", "deleted")):
        session.expect(append.write, NOW)
        world.hub.outcome("p", "m", "u", answer)
    (applied, rejected) = said(session.due(NOW))
    assert applied[0] == "applied"
    assert rejected[1]["error"] == {"code": "rejected", "message": "deleted", "temporary": False}


def decision(action: Literal["applied", "rejected"], error: str | None) -> Outcome:
    """Return the worker's decision."""
    made = Outcome(
        id="o",
        stream="project:p",
        timestamp=0,
        action=action,
        metadata=Metadata(source="user", position=Position(0, 6)),
        message_id="m",
    )
    if error is not None:
        made.error = error
    return made


@pytest.mark.parametrize(
    "happened",
    [
        change(id=None),
        change(stream="project:foreign"),
        change(payload={"entity": "task", "action": "patch", "data": {}}),
        change(payload={"entity": "cat", "action": "patch", "data": {"primary": {"id": "t"}}}),
    ],
)
def test_a_wrong_change_is_an_error_of_that_change(happened: Input) -> None:
    """The connection stays."""
    session = World().session(projects=["p"])
    assert receive(session, happened, NOW) == []
    assert actions(session.due(NOW)) == ["failed"]
    assert session.phase is Phase.JOINING


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
