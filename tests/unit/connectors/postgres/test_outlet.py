"""Numbers of events."""

from connectors.board import Change
from connectors.postgres.known import Memory
from connectors.postgres.mapping import load_mapping
from connectors.postgres.outlet import Outlet, ends_of
from connectors.postgres.translate import Fact
from connectors.publish import Publisher
from schemas.events import Event
from schemas.messages import Position

FACTS = [Fact("p", Change("delete", "task", name)) for name in "ab"]


class Sink(Publisher):
    """Notes what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.traces: list[tuple[str | None, int]] = []

    async def send(self, events: list[Event], traceparent: str | None = None) -> None:  # type: ignore[override]  # a test gives lists
        """Take events."""
        self.events += events
        self.traces.append((traceparent, len(events)))


async def test_numbers_grow_with_the_log_and_within_a_transaction() -> None:
    """Two changes of one row in one transaction are in order; the same log from the same memory has the same numbers and ids."""
    memory = Memory(None)
    found = []
    for _ in range(2):
        sink, outlet = Sink(), Outlet(load_mapping(None), "postgres", memory)
        for lsn in (100, 101, 500):
            outlet.take(FACTS, lsn, 7)
        await outlet.hand_over(sink)
        found.append(sink.events)
        assert outlet.reset() == {"delete": 6}
    assert [event.version for event in found[0]] == [100, 101, 102, 103, 500, 501]
    assert found[0] == found[1]
    assert {event.origin for event in found[0]} == {"agenthub:p"}


async def test_events_keep_the_trace_of_their_transaction() -> None:
    """Those without one keep none; neighbours of one trace leave together, in the log's order."""
    sink, outlet = Sink(), Outlet(load_mapping(None), "postgres", Memory(None))
    for lsn, trace in ((100, None), (101, "one"), (102, "one"), (103, None)):
        outlet.take(FACTS, lsn, 7, trace)
    await outlet.hand_over(sink)
    assert sink.traces == [(None, 2), ("one", 4), (None, 2)]
    assert [event.version for event in sink.events] == [*range(100, 108)]


async def test_a_snapshot_has_one_number() -> None:
    """So a commit that comes right after it is newer than every row of it, however many there are."""
    memory, sink = Memory(None), Sink()
    outlet = Outlet(load_mapping(None), "postgres", memory)
    outlet.open_snapshot(100)
    outlet.take(FACTS, 100, 7)
    outlet.take(FACTS, 100, 7)
    outlet.close_snapshot()
    outlet.take(FACTS[:1], 101, 7)
    await outlet.hand_over(sink)
    assert [event.version for event in sink.events] == [100, 100, 100, 100, 101]
    outlet.note([Position(2, 9)])
    outlet.note([Position(1, 4), Position(2, 11)])
    assert (memory.number("number"), ends_of(memory)) == (101, {1: 4, 2: 11})
    again = Outlet(load_mapping(None), "postgres", memory)
    again.open_snapshot(50)
    again.take(FACTS[:1], 50, 7)
    await again.hand_over(sink)
    assert sink.events[-1].version == 102
