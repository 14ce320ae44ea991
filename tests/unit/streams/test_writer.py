"""The writer sends in order, acknowledges in order, and tells trouble."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from streams.domain.records import DeadLetter, Out, Record
from streams.publication import Publication
from streams.writer import Acknowledged, Outlets, Writer
from tests.unit.streams.sink import Sink

_OUTLETS = Outlets(changes="changes", cascades="cascades", state="state", dead="dead", dead_partitions=2)


def _publication(number: int, rows: int = 1) -> Publication:
    state = [Out(b"k%d" % at, b"%d-%d" % (number, at)) for at in range(rows)]
    return Publication(step=number, ticket=number, cascades=[Out(b"p", b"c%d" % number)], state=state)


@asynccontextmanager
async def _running(sink: Sink, durable: list[Acknowledged]) -> AsyncIterator[Writer]:
    writer = Writer(5, sink, _OUTLETS, durable.append, clock=lambda: 1)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_publications_leave_and_are_told_in_order() -> None:
    """Whatever the number of batches, each log holds the records in the order they were put."""
    sink, durable = Sink(), list[Acknowledged]()
    async with _running(sink, durable) as writer:
        for number in range(10):
            writer.put(_publication(number, rows=number))
        await writer.drained()
    assert sink.values("cascades", 5) == [b"c%d" % number for number in range(10)]
    assert sink.values("state", 5) == [b"%d-%d" % (number, at) for number in range(10) for at in range(number)]
    assert [done.publication.step for done in durable] == list(range(10))


async def test_a_lone_publication_leaves_at_once() -> None:
    """It does not wait for its turn in the event loop."""
    sink = Sink(held=True)
    writer = Writer(5, sink, _OUTLETS, list[Acknowledged]().append, clock=lambda: 1)
    writer.put(_publication(1))
    assert (sink.values("cascades", 5), sink.values("state", 5)) == ([b"c1"], [b"1-0"])
    assert sink.told == [1, 2], "the cascade does not wait for the rows"


async def test_order_is_kept_behind_one_that_waits() -> None:
    """What comes while the producer's queue is full waits behind it, also what comes when it is free again."""
    sink, durable = Sink(), list[Acknowledged]()
    async with _running(sink, durable) as writer:
        sink.gate.clear()
        for number in (1, 2):
            writer.put(_publication(number))
            await _turns()
        assert sink.logs == {}
        sink.gate.set()
        writer.put(_publication(3))
        await writer.drained()
        writer.put(_publication(4))
        await writer.drained()
    assert sink.values("cascades", 5) == [b"c1", b"c2", b"c3", b"c4"]
    assert [done.publication.step for done in durable] == [1, 2, 3, 4]


async def test_the_place_of_the_rows_is_told() -> None:
    """The first and last offset in `task-state` span all batches of a publication."""
    sink, durable = Sink(), list[Acknowledged]()
    async with _running(sink, durable) as writer:
        writer.put(_publication(1, rows=2))
        writer.put(_publication(2, rows=7))
        await writer.drained()
    assert [(done.places, done.state_last) for done in durable] == [(((0, 2),), 1), (((2, 3), (5, 3), (8, 1)), 8)]


async def test_nothing_is_durable_before_all_of_it_is_acknowledged() -> None:
    """A publication whose rows are acknowledged but whose cascade is not is not told, nor is any behind it."""
    sink, durable = Sink(held=True), list[Acknowledged]()
    async with _running(sink, durable) as writer:
        writer.put(_publication(1))
        writer.put(_publication(2))
        await _turns()
        assert len(sink.waiting) == 4  # sent without waiting for acknowledgements
        cascade = sink.waiting.pop(0)
        sink.acknowledge()
        await _turns()
        assert durable == []
        cascade[0].set_result(cascade[1])
        await writer.drained()
    assert [done.publication.step for done in durable] == [1, 2]


async def test_a_full_queue_is_waited_for() -> None:
    """While Kafka is away, queueing times out again and again; nothing is lost or reordered."""
    sink, durable = Sink(refusals=3), list[Acknowledged]()
    async with _running(sink, durable) as writer:
        writer.put(_publication(1))
        writer.put(_publication(2))
        await writer.drained()
    assert sink.values("cascades", 5) == [b"c1", b"c2"]


async def test_a_refusal_for_good_ends_the_writer() -> None:
    """What Kafka will never take must not be passed over in silence."""
    sink, durable = Sink(held=True), list[Acknowledged]()
    writer = Writer(5, sink, _OUTLETS, durable.append, clock=lambda: 1)
    task = asyncio.create_task(writer.run())
    writer.put(_publication(1))
    await _turns()
    sink.refuse(ValueError("too large"))
    with pytest.raises(ExceptionGroup) as caught:
        await task
    assert caught.group_contains(ValueError)
    assert durable == []


async def test_dead_letters_go_to_their_own_topic() -> None:
    """Its partitions may be fewer."""
    sink, durable = Sink(), list[Acknowledged]()
    letter = DeadLetter(Record(7, 1, b"p", b"{"), "json", "bad")
    async with _running(sink, durable) as writer:
        writer.put(Publication(step=1, ticket=1, dead=[letter]))
        await writer.drained()
    assert sink.values("dead", 1) == [b"{"]
