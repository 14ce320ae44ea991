"""Many callers, one batch after the other."""

import asyncio

import pytest

from connectors.delivery import Delivery, Group
from connectors.typed import Project
from schemas.events import Event
from schemas.failure import Failure

SHOP = Project(id="shop", source="system")


class Log:
    """A log that notes its batches, and fails when told to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.fails = 0
        self.may = asyncio.Event()
        self.may.set()

    async def deliver(self, events: list[Event]) -> list[Delivery]:
        """Take a batch."""
        await self.may.wait()
        if self.fails:
            self.fails -= 1
            raise Failure("no")
        start = sum(len(batch) for batch in self.batches)
        self.batches.append([event.entity_id for event in events])
        return [Delivery(event.id, event.project_id, 0, start + place) for place, event in enumerate(events)]


def task(row_id: str) -> Event:
    """Return any event."""
    return SHOP.patch_task(row_id, status="done")


async def test_whoever_comes_while_a_batch_is_on_its_way_shares_the_next() -> None:
    """Each caller gets the deliveries of its own events, in its own order."""
    log = Log()
    group = Group(log.deliver)
    log.may.clear()
    first = asyncio.create_task(group.write([task("a")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(group.write([task(f"{name}1"), task(f"{name}2")])) for name in "bc"]
    await asyncio.sleep(0)
    log.may.set()
    found = await asyncio.gather(first, *others)
    assert log.batches == [["a"], ["b1", "b2", "c1", "c2"]]
    assert [[delivery.offset for delivery in deliveries] for deliveries in found] == [[0], [1, 2], [3, 4]]


async def test_a_failure_is_everybodys_whose_events_were_in_it() -> None:
    """And ends with them: the next batch goes."""
    log = Log()
    group = Group(log.deliver)
    log.fails = 1
    answers = await asyncio.gather(group.write([task("a")]), group.write([task("b")]), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Failure, Failure]
    assert len(await group.write([task("c")])) == 1


async def test_a_caller_that_gives_up_takes_nobody_along() -> None:
    """Its events are sent all the same; the others get their answers."""
    log = Log()
    group = Group(log.deliver)
    log.may.clear()
    leaving, staying = asyncio.create_task(group.write([task("a")])), asyncio.create_task(group.write([task("b")]))
    await asyncio.sleep(0)
    leaving.cancel()
    log.may.set()
    assert [delivery.offset for delivery in await staying] == [1]
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await group.close()
