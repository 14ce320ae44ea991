"""What a long-poll is answered with."""

import json

import pytest

from api.protocol.limits import Limits
from api.protocol.polls import look, wants_of
from schemas.frames import Since, Want
from schemas.problems import Problem
from tests.unit.api.protocol.fakes import EPOCH, NOW, World, actions, subscribed


def at(sequence: int, epoch: str = EPOCH) -> Since:
    """Return a place."""
    return Since(epoch, sequence)


def test_places_belong_to_streams_in_order() -> None:
    """An epoch may have colons; empty and missing places are none."""
    assert wants_of(["project:p", "project:q", "project:*"], ["a:b:7", ""], 3) == [
        Want("project:p", Since("a:b", 7)),
        Want("project:q"),
        Want("project:*"),
    ]


@pytest.mark.parametrize(
    ("streams", "places"),
    [
        ([], []),
        (["project:p"] * 4, []),
        (["project:p"], ["e:1", "e:2"]),
        (["project:p"], ["e"]),
        (["project:p"], [":1"]),
        (["project:p"], ["e:-1"]),
        (["project:p"], ["e:²"]),
        (["p"], []),
    ],
)
def test_what_cannot_be_asked(streams: list[str], places: list[str]) -> None:
    """None, too many, more places than streams, no place, no stream."""
    assert isinstance(wants_of(streams, places, 3), Problem)


def test_an_answer_is_the_very_frames_of_a_subscription() -> None:
    """After the place, byte for byte; nothing when nothing was missed."""
    world = World()
    first = world.publish("p")
    world.publish("q")
    last = [world.publish("p"), world.publish("p")][-1]
    session = subscribed(world, "project:p", since=at(first))
    assert look(world.hub, {"p": at(first)}, NOW).frames == session.due(NOW)[1:]
    assert look(world.hub, {"p": at(last)}, NOW).frames == []
    assert len(look(world.hub, {"p": at(first), "q": at(0)}, NOW).frames) == 3


def test_without_a_place_the_whole_state_comes() -> None:
    """A snapshot, from which the next call goes on."""
    world = World()
    world.publish("p")
    found = look(world.hub, {"p": None}, NOW)
    assert actions(found.frames) == ["snapshot"]
    assert look(world.hub, {"p": at(json.loads(found.frames[-1])["sequence"])}, NOW).frames == []


def test_a_place_that_is_gone_is_said_and_never_answered_in_part() -> None:
    """Out of the ring, of another epoch, ahead of this edge: nothing is sent, of the other streams neither."""
    world = World(Limits(ring_frames=2))
    for _ in range(4):
        world.publish("p")
    world.publish("q")
    for place, lost, behind in ((at(1), ["p"], []), (at(3, "old"), ["p"], []), (at(99), [], ["p"])):
        found = look(world.hub, {"p": place, "q": at(0)}, NOW)
        assert (found.frames, found.lost, found.behind) == ([], lost, behind)


def test_a_large_answer_ends_between_streams() -> None:
    """A stream that was begun is sent whole: parts of one group stay together."""
    world = World()
    for project_id in ("p", "p", "q"):
        world.publish(project_id)
    found = look(world.hub, {"p": at(0), "q": at(0)}, NOW, budget=1)
    assert [json.loads(frame)["stream"] for frame in found.frames] == ["project:p"] * 2


def test_who_stands_where_rows_were_mended_is_sent_them_at_the_end_of_its_time() -> None:
    """It may have them or not, and nobody can tell: at once and again and again would be a circle. The next frame ends that."""
    world = World()
    first = world.publish("p")
    world.publish("q")
    world.hub.renew("p")
    (snapshot,) = look(world.hub, {"p": None}, NOW).frames
    here = at(json.loads(snapshot)["sequence"])
    assert look(world.hub, {"p": at(first)}, NOW).lost == ["p"]
    for _ in range(2):
        found = look(world.hub, {"p": here, "q": None}, NOW)
        assert (actions(found.frames), found.lost, found.behind) == (["snapshot"], [], [])
        assert look(world.hub, {"p": here}, NOW).frames == []
        assert look(world.hub, {"p": here}, NOW, last=True).frames == [snapshot]
    last = world.publish("p")
    assert look(world.hub, {"p": here}, NOW, last=True).lost == ["p"]
    world.publish("p")
    assert actions(look(world.hub, {"p": at(last)}, NOW).frames) == ["update"]
