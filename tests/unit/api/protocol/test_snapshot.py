"""A project's summaries as frames."""

import json

import pytest

from api.protocol.limits import Limits
from tests.unit.api.protocol.fakes import NOW, World


@pytest.mark.parametrize(("size", "parts"), [(262_144, 1), (1_300, 3)])
def test_a_snapshot_is_split_and_each_part_is_whole(size: int, parts: int) -> None:
    """Same sequence in every part, each branch in one of them; a project without a row is null."""
    world = World(Limits(outbound_bytes=size), applied=4)
    world.rows.put("p", 3, *(f"branch-{number}" for number in range(9)))
    frames = [json.loads(frame) for frame in world.hub.snapshot("p", NOW)]
    assert [(frame["sequence"], frame["part"], frame["parts"]) for frame in frames] == [
        (4, number, parts) for number in range(1, parts + 1)
    ]
    branches = [row["id"] for frame in frames for row in frame["payload"]["data"]["cascade"]["branches"]]
    assert branches == [f"branch-{number}" for number in range(9)]
    assert {frame["payload"]["data"]["primary"]["id"] for frame in frames} == {"p"}
    assert frames[0]["metadata"]["position"] == {"partition": 0, "offset": 4}
    assert json.loads(world.hub.snapshot("none", NOW)[0])["payload"]["data"]["primary"] is None


def test_a_storm_of_joins_shares_a_snapshot() -> None:
    """The same bytes until rows or place move; the oldest are forgotten first."""
    world = World()
    world.publish("p")
    first = world.hub.snapshot("p", NOW)
    assert world.hub.snapshot("p", NOW + 1)[0] is first[0]
    world.publish("p")
    assert world.hub.snapshot("p", NOW)[0] is not first[0]
    for number in range(300):
        world.hub.snapshot(f"p{number}", NOW)
    again = world.hub.snapshot("p", NOW)
    assert world.hub.snapshot("p", NOW)[0] is again[0]
