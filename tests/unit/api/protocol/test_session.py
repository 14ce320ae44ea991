"""One connection, without any I/O: what it says, what it asks of its driver, when it ends."""

import json
from typing import Any, Literal, get_args

import pytest

from api.protocol.access import Principal
from api.protocol.effects import Append, Close, Verify
from api.protocol.inputs import (
    Gone,
    Input,
    Invalid,
    NotTaken,
    Ping,
    Pong,
    Refused,
    Resume,
    Shutdown,
    Subscribe,
    Taken,
    Tick,
    Token,
    Unknown,
    Unsubscribe,
    Verified,
    parse,
)
from api.protocol.limits import Limits
from api.protocol.session import Phase, Session, iso
from api.protocol.transitions import TABLE, receive
from schemas.frames import ALL_PROJECTS, Since, Want
from schemas.messages import Metadata, Outcome, Position
from schemas.problems import INVALID_FRAME, LOG_UNAVAILABLE, UNAUTHENTICATED, Problem
from tests.unit.api.protocol.fakes import EPOCH, NOW, World, actions, said


def subscribed(world: World, *streams: str, since: Since | None = None) -> Session:
    """Return a session that joined these streams."""
    session = world.session()
    receive(session, Subscribe([Want(stream, since) for stream in streams]), NOW)
    return session


def statuses(session: Session, now_ms: int = NOW) -> list[tuple[str, str]]:
    """Return (stream, status) of all that `subscribed` frames say now."""
    said_now = said(session.due(now_ms))
    return [(entry["stream"], entry["status"]) for action, data in said_now if action == "subscribed" for entry in data["streams"]]


def test_the_table_is_total() -> None:
    """Every input has a step in every phase."""
    assert set(TABLE) == {(phase, kind) for phase in Phase for kind in get_args(Input)}


def test_a_snapshot_then_frames() -> None:
    """Joined without a place: all of it, then each change once."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    frames = session.due(NOW)
    assert actions(frames) == ["subscribed", "snapshot"]
    world.publish("p")
    assert actions(session.due(NOW)) == ["update"]
    assert session.due(NOW) == []
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
    assert session.due(NOW) == []
    receive(session, Tick(), NOW + 100)
    assert statuses(session) == [("project:p", "live")]
    late = subscribed(world, "project:p", since=Since(EPOCH, 99))
    receive(late, Ping(), NOW)
    assert said(late.due(NOW))[-1] == ("pong", {"streams": []})
    receive(late, Tick(), NOW + 5_000)
    assert statuses(late) == [("project:p", "error")]
    assert len(late.joins) == 0


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
        session.appeared(project_id, NOW)
        session.appeared(project_id, NOW)
    assert statuses(session) == [("project:r", "snapshot")]
    receive(session, Unsubscribe([Want(ALL_PROJECTS)]), NOW)
    assert len(said(session.due(NOW))[0][1]["streams"]) == 4
    session.appeared("p", NOW)
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


def test_a_slow_client_gets_a_budget_and_a_snapshot_when_it_fell_behind() -> None:
    """Memory is the ring's, whoever reads how slowly."""
    world = World(Limits(ring_frames=4))
    world.publish("p")
    session = subscribed(world, "project:p")
    session.due(NOW)
    for _ in range(3):
        world.publish("p")
    assert actions(session.due(NOW, budget=1)) == ["update"]
    for _ in range(9):
        world.publish("p")
    assert actions(session.due(NOW)) == ["snapshot"]
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


def test_wrong_frames_end_it_and_unknown_ones_are_counted() -> None:
    """The protocol grows; noise does not."""
    session = World().session()
    receive(session, Unknown(), NOW)
    assert session.unknown_frames == 1
    (close,) = receive(session, Invalid(Problem(INVALID_FRAME)), NOW)
    assert isinstance(close, Close)
    assert close.code == 4400


def test_who_is_gone_is_forgotten() -> None:
    """Nothing is kept or due for a closed socket."""
    world = World()
    world.publish("p")
    session = subscribed(world, "project:p")
    receive(session, Gone(), NOW)
    assert (len(session.joins), session.phase) == (0, Phase.CLOSED)


def test_a_flood_ends_it_once() -> None:
    """Above the burst; afterwards nothing is taken or said."""
    world = World(Limits(burst=2, messages_per_second=1))
    world.publish("p")
    session = subscribed(world, "project:p")
    effects: list[Any] = []
    for _ in range(5):
        effects += receive(session, Ping(), NOW)
    (close,) = effects
    assert close.code == 4429
    session.due(NOW)
    world.publish("p")
    for happened in (Ping(), Tick(), Gone()):
        assert receive(session, happened, NOW) == []
    assert session.due(NOW) == []


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
