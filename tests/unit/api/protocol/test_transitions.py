"""The table of a session: total, and closed at its end."""

from typing import Any, get_args

from api.protocol.effects import Close
from api.protocol.inputs import (
    Gone,
    Input,
    Invalid,
    Ping,
    Tick,
    Unknown,
    parse,
)
from api.protocol.limits import Limits
from api.protocol.session import Phase
from api.protocol.transitions import TABLE, receive
from schemas.problems import INVALID_FRAME, Problem
from tests.unit.api.protocol.fakes import NOW, World, subscribed


def test_the_table_is_total() -> None:
    """Every input has a step in every phase."""
    assert set(TABLE) == {(phase, kind) for phase in Phase for kind in get_args(Input)}


def test_wrong_frames_end_it_and_unknown_ones_are_counted() -> None:
    """The protocol grows; noise does not."""
    session = World().session()
    receive(session, Unknown(), NOW)
    assert session.unknown_frames == 1
    for happened, code in ((Invalid(Problem(INVALID_FRAME)), 4400), (parse(None), 1003)):
        world = World()
        world.publish("p")
        session = subscribed(world, "project:p")
        world.due(session)
        (close,) = receive(session, happened, NOW)
        assert isinstance(close, Close)
        assert (close.code, close.reason) == (code, '{"c":"invalid-frame"}')
        world.publish("p")
        assert world.due(session) == []


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
