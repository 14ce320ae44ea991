"""Who is seen to when."""

import asyncio

from api.fanout import FanOut
from api.meters import Meters
from tests.unit.api.protocol.fakes import World, subscribed


class Woken:
    """A connection that something is due to."""

    def __init__(self, order: list[str], name: str) -> None:
        self.order = order
        self.name = name

    def send(self, now_ms: int) -> None:
        """Note when it was asked for."""
        assert now_ms > 0
        self.order.append(self.name)

    def abort(self) -> None:
        """Note a fault."""
        self.order.append("aborted")


async def test_a_crowd_that_wakes_up_does_not_hold_up_the_others() -> None:
    """A frame leaves between slices of the crowd; all of it is asked for in the end, each once."""
    world, order = World(), list[str]()
    world.publish("p")
    session = subscribed(world, "project:p")
    world.due(session)
    session.write = lambda tail: order.append(f"frame {len(tail.frames)}")
    fan_out = FanOut(world.hub, Meters(), 10)
    for number in range(500):
        fan_out.wake(Woken(order, str(number)))
    world.publish("p")
    for _ in range(100):
        await asyncio.sleep(0)
    assert [name for name in order if name.isdigit()] == [str(number) for number in range(500)]
    assert order.index("frame 1") < 250


async def test_what_is_due_to_the_late_is_looked_for_when_more_was_read() -> None:
    """Not for each that wakes up."""
    world, settled = World(), list[int]()

    class Late:
        def settle(self, now_ms: int) -> None:
            settled.append(now_ms)

    fan_out = FanOut(world.hub, Meters(), 10)
    world.hub.late[Late()] = None
    order = list[str]()
    fan_out.wake(Woken(order, "a"))
    await asyncio.sleep(0.01)
    assert (order, settled) == (["a"], [])
    world.hub.advance(0, 7)
    await asyncio.sleep(0.02)
    assert len(settled) == 1
