"""Waiting for the worker's decisions: each is told once, and nobody waits for ever."""

import pytest

from api.decisions import Decision, Decisions, preferred_s
from api.protocol.writes import Write
from schemas.events import Event
from schemas.messages import Metadata, Outcome, Position
from tests.unit.api.protocol.fakes import NOW, World


def write(message_id: str) -> Write:
    """Return a change of user `u`."""
    event = Event(id=message_id, entity="task", action="patch", project_id="p", entity_id="t", occurred_at="", source="user", user_id="u")
    return Write(event, b"")


def outcome(world: World, message_id: str, user: str = "u", error: str | None = None) -> None:
    """Let the worker decide."""
    metadata = Metadata(source="user", position=Position(0, 1), user_id=user, correlation_id=message_id)
    decided = Outcome(id="o", stream="s", timestamp=0, action="applied", metadata=metadata, message_id=message_id)
    if error is not None:
        decided.action, decided.error = "rejected", error
    world.hub.outcome("p", message_id, user, decided)


async def test_all_decisions_end_the_wait() -> None:
    """Applied, rejected with why, and known before; another user's answer counts for nothing."""
    world = World()
    decisions = Decisions(world.hub, [write("a"), write("b"), write("c")], NOW + 60_000)
    outcome(world, "b", user="mallory")
    outcome(world, "b", error="conflict")
    outcome(world, "a")
    decisions.known("c")
    assert await decisions.within(20) == {"a": Decision("applied"), "b": Decision("rejected", "conflict"), "c": Decision("duplicate")}
    decisions.leave()
    assert world.hub.listeners == 0


async def test_what_does_not_come_in_time_is_left_out() -> None:
    """And forgotten."""
    world = World()
    decisions = Decisions(world.hub, [write("a"), write("b")], NOW + 60_000)
    decisions.mark("p")
    decisions.reset("p")
    outcome(world, "a")
    assert await decisions.within(0.01) == {"a": Decision("applied")}
    decisions.leave()
    assert world.hub.listeners == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("", 0), ("wait=5", 5), ("respond-async, Wait = 7", 7), ("wait=99", 30), ("wait=-1", 0), ("wait=x", 0), ("waiting=5", 0)],
)
def test_the_preference_is_read(header: str | None, seconds: float) -> None:
    """Among others, with a bound."""
    assert preferred_s(header, 30) == seconds
