"""Tokens of an open connection."""

from api.protocol.access import Principal
from api.protocol.effects import Close, Verify
from api.protocol.inputs import Refused, Subscribe, Tick, Token, Verified
from api.protocol.transitions import receive
from schemas.frames import ALL_PROJECTS, Want
from schemas.problems import UNAUTHENTICATED, Problem
from tests.unit.api.protocol.fakes import NOW, World, actions, said


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


def test_a_token_for_more_projects_shows_them() -> None:
    """At once, to those who want all of the user's projects; the others go on with what they named."""
    world = World()
    for project_id in ("p", "q"):
        world.publish(project_id)
    for stream, joined in ((ALL_PROJECTS, [("project:q", "snapshot")]), ("project:p", [])):
        session = world.session(projects=["p"])
        receive(session, Subscribe([Want(stream)]), NOW)
        world.due(session)
        receive(session, Verified(Principal("u", frozenset({"p", "q"}), frozenset(), NOW + 90_000)), NOW)
        told = [data["streams"] for action, data in said(session.due(NOW)) if action == "subscribed"]
        assert [(entry["stream"], entry["status"]) for streams in told for entry in streams] == joined
