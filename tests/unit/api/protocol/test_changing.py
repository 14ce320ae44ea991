"""Changes over an open connection."""

import json
from typing import Literal

import pytest

from api.protocol.changing import expect
from api.protocol.effects import Append
from api.protocol.inputs import Gone, Input, NotTaken, Taken, parse
from api.protocol.session import Phase
from api.protocol.times import iso
from api.protocol.transitions import receive
from schemas.messages import Metadata, Outcome, Position
from schemas.problems import LOG_UNAVAILABLE, Problem
from tests.unit.api.protocol.fakes import NOW, World, actions, said


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
    expect(session, append.write, NOW)
    receive(session, Taken("m", "m", Position(0, 5)), NOW)
    receive(session, Taken("m", "m", Position(0, 5), known=True), NOW)
    receive(session, NotTaken("m", Problem(LOG_UNAVAILABLE, retry_after_ms=7)), NOW)
    frames = said(session.due(NOW))
    assert [action for action, _ in frames] == ["accepted", "duplicate", "failed"]
    assert frames[0][1] == {"messageId": "m", "correlationId": "m", "position": {"partition": 0, "offset": 5}}
    assert (frames[2][1]["messageId"], frames[2][1]["retryAfterMs"]) == ("m", 7)
    for answer in (decision("applied", None), decision("rejected", "deleted")):
        expect(session, append.write, NOW)
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


def test_who_left_hears_of_no_decision() -> None:
    """The answer to a connection that is over goes nowhere."""
    world = World()
    session = world.session()
    (append,) = receive(session, change(), NOW)
    assert isinstance(append, Append)
    expect(session, append.write, NOW)
    receive(session, Gone(), NOW)
    world.hub.outcome("p", "m", "u", decision("applied", None))
    assert session.due(NOW) == []


@pytest.mark.parametrize(
    ("metadata", "trace"), [("", None), (',"metadata":{}', None), (',"metadata":{"traceparent":"00-1-2-01"}', "00-1-2-01")]
)
def test_a_change_takes_its_trace_along(metadata: str, trace: str | None) -> None:
    """If the client names one."""
    world = World()
    world.publish("p")
    text = '{"type":"update","id":"m","stream":"project:p","payload":{"action":"patch","entity":"task","data":{"primary":{"id":"t"}}}'
    (append,) = receive(world.session(), parse(text + metadata + "}"), NOW)
    assert isinstance(append, Append)
    assert append.trace == trace
