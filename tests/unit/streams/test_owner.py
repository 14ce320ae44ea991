"""An owner takes exactly the events that follow, and lets be committed only what is durable and published."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from schemas.events import Event, Fields, encode_event
from schemas.words import Source
from streams.domain.poison import PoisonLimits
from streams.domain.records import Record, Step
from streams.domain.rules import Rules
from streams.domain.step import flush, slices
from streams.engine.ports import Batch, Place
from streams.engine.store import Mark
from streams.kit import Fold, Kit
from streams.metrics import Meters
from streams.owner import Owner
from streams.writer import Outlets
from tests.unit.streams.sink import Sink, Store

_OUTLETS = Outlets(changes="changes", cascades="cascades", state="state", dead="dead", dead_partitions=1)


class _Fold:
    slices = staticmethod(slices)
    flush = staticmethod(flush)


class _Broken(_Fold):
    """A fold that fails."""

    @staticmethod
    def slices(*_: object) -> Generator[None, None, Step]:
        yield
        raise LookupError("no such row")


class _World:
    """An owner with everything around it. now: its clock."""

    def __init__(self, sink: Sink, through: int = -1, fold: Fold | None = None) -> None:
        self.now = 1_000_000
        self.sink = sink
        self.asked: list[int] = []
        self.store = Store(Mark(through=through))
        self.gap: dict[bytes, bytes] = {}
        kit = Kit(
            fold or _Fold,
            Rules(),
            lambda: sink,
            _OUTLETS,
            lambda: self.now,
            self._reposition,
            self._read_gap,
            Meters(),
            4,
            PoisonLimits(consecutive=3),
        )
        self.owner = Owner(0, self.store, kit, cache_rows=100)

    async def _reposition(self, partition: int, offset: int) -> None:
        assert partition == 0
        self.asked.append(offset)

    async def _read_gap(self, partition: int, begin: int, end: int) -> dict[bytes, bytes]:
        assert partition == 0
        self.asked += [begin, end]
        return self.gap


@asynccontextmanager
async def _world(*, held: bool = False, through: int = -1) -> AsyncIterator[_World]:
    world = _World(Sink(held=held), through)
    task = asyncio.create_task(world.owner.run())
    try:
        yield world
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _record(offset: int, source: Source = "user") -> Record:
    event = Event(
        id=f"e{offset}",
        entity="task",
        action="update",
        project_id="p",
        entity_id=f"t{offset}",
        occurred_at="2026-02-28T03:55:36.000Z",
        source=source,
        branch_id="b",
        data=Fields(title="x"),
    )
    return Record(offset, 1_772_250_936_000, b"p", encode_event(event))


def _batch(begin: int, end: int, token: int = 1, source: Source = "user") -> Batch:
    return Batch([_record(offset, source) for offset in range(begin, end)], token, begin, end)


async def test_a_taken_batch_becomes_durable() -> None:
    """Rows are stored, the mark and the watermark stand at the end."""
    async with _world() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(_batch(0, 10))
        await _turns()
    assert world.owner.watermark == 10
    assert world.store.mark.through == 10
    assert world.owner.in_flight == 0
    assert {key for key in world.store.rows if key.startswith(b"task/")} == {b"task/p/t%d" % n for n in range(10)}


async def test_a_lone_batch_is_folded_at_once() -> None:
    """An owner with nothing else to do folds while the batch is handed over; its failure ends the owner, not the caller."""
    world = _World(Sink(held=True), fold=_Broken)
    running = asyncio.create_task(world.owner.run())
    await world.owner.open(Place(0, 1))
    await _turns()
    await world.owner.submit(_batch(0, 1))
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(running, 5)
    assert caught.group_contains(LookupError, match="no such row")


async def test_rows_are_stored_only_after_their_acknowledgement() -> None:
    """The store is a prefix of the acknowledged changelog."""
    async with _world(held=True) as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(_batch(0, 2))
        await _turns()
        assert not world.store.rows
        assert world.owner.watermark == 0
        world.sink.acknowledge()
        await _turns()
        assert world.owner.watermark == 2


async def test_a_gap_is_read_again() -> None:
    """A batch that begins above what was expected is not taken; the partition is positioned at the gap."""
    async with _world() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(_batch(3, 5))
        await world.owner.submit(_batch(5, 6))
        assert world.asked == [0]
        await world.owner.submit(_batch(0, 5, token=2))  # drained before the owner hears of its new place
        await world.owner.open(Place(0, 2))
        await _turns()
    assert world.owner.watermark == 5


async def test_holes_that_the_log_really_has_are_no_gaps() -> None:
    """A transaction's marker takes an offset; the batch behind it begins where the last one ended."""
    async with _world() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(_batch(0, 2))
        await world.owner.submit(Batch([_record(3)], 1, 2, 4))
        await _turns()
    assert world.asked == []
    assert world.owner.watermark == 4


async def test_what_overlaps_is_taken_once() -> None:
    """Records below the expected offset are left out, old batches altogether."""
    async with _world() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(_batch(0, 4))
        await world.owner.submit(_batch(0, 4))
        await world.owner.submit(_batch(2, 6))
        await _turns()
    assert world.owner.watermark == 6
    assert world.owner.in_flight == 0


async def test_batches_of_a_former_place_are_dropped() -> None:
    """What was drained before a seek does not count."""
    async with _world() as world:
        await world.owner.open(Place(0, 2))
        await world.owner.submit(_batch(0, 4, token=1))
        await _turns()
    assert world.owner.expected == 0


async def test_an_open_window_holds_the_watermark_back() -> None:
    """AI events that no message has told of are not committed; the flush lets them go."""
    async with _world() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(_batch(0, 3, source="mcp-ai"))
        await _turns()
        assert world.store.mark.through == 3
        assert world.owner.watermark == 1  # the first goes out at once
        await world.owner.settle()
        assert world.owner.watermark == 3
    bulk = [msgspec.json.decode(value or b"")["type"] for value in world.sink.values("cascades", 0)]
    assert bulk == ["update", "bulk"]


async def test_a_replay_is_told_again_and_commits_again() -> None:
    """Events below `through` change no row, but the watermark moves over them once their rows are out again."""
    async with _world() as first:
        await first.owner.open(Place(0, 1))
        await first.owner.submit(_batch(0, 6))
        await _turns()
    async with _world(through=6) as again:
        again.store.rows = dict(first.store.rows)
        await again.owner.open(Place(2, 1))
        await again.owner.submit(_batch(2, 6))
        await _turns()
        await again.owner.settle()
    assert again.owner.watermark == 6
    assert again.store.rows == first.store.rows
    assert again.sink.values("cascades", 0)


async def test_a_settled_owner_takes_nothing_more() -> None:
    """After settling, what arrives is for the next owner."""
    async with _world() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.settle()
        await world.owner.submit(_batch(0, 4))
        await _turns()
    assert world.owner.expected == 0
    assert world.owner.in_flight == 0


async def test_what_a_former_owner_wrote_over_is_written_again() -> None:
    """Rows between two acknowledged batches are another's: the newest value per key is ours again, and nothing is committed wrongly."""
    async with _world() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(_batch(0, 4))
        await _turns()
        before = dict(world.store.rows)
        old = b'{"id":"t1","project_id":"p","branch_id":"b","stamp":0}'
        world.gap = {b"task/p/t1": old}
        begin = len(world.sink.logs["state", 0])
        world.sink.logs["state", 0].append((b"task/p/t1", old, []))
        await world.owner.submit(_batch(4, 5))
        await _turns()
        await world.owner.settle()
    newest = {key: value for key, value, _ in world.sink.logs["state", 0]}
    assert world.asked == [begin, begin + 1]
    assert newest[b"task/p/t1"] == before[b"task/p/t1"] == world.store.rows[b"task/p/t1"]
    assert (world.store.mark.through, world.owner.watermark) == (5, 5)
    assert world.store.mark.changelog == len(world.sink.logs["state", 0]) - 1


class _Slow(_Fold):
    """A fold that takes many turns for a step."""

    @staticmethod
    def slices(*args: Any) -> Generator[None, None, Step]:  # noqa: ANN401  passed on
        for _ in range(20):
            yield
        return (yield from slices(*args))


async def test_a_long_step_gives_others_a_turn() -> None:
    """Two owners in one loop: the one with little to do is done while the other is still in its step, which nothing cuts short."""
    slow, quick = _World(Sink(), fold=_Slow()), _World(Sink())
    tasks = [asyncio.create_task(world.owner.run()) for world in (slow, quick)]
    for world in (slow, quick):
        await world.owner.open(Place(0, 1))
        await world.owner.submit(Batch([_record(0)], 1, 0, 1))
    await _turns(8)
    assert (quick.owner.watermark, slow.owner.watermark) == (1, 0)
    assert not slow.sink.logs
    await slow.owner.settle()
    assert slow.owner.watermark == 1
    assert [task.cancel() for task in tasks]
    await asyncio.wait(tasks)


async def test_what_a_dead_owner_did_not_mend_is_written_again() -> None:
    """An old row that the restore found on top of a newer one is written over before anything else happens."""
    async with _world(through=4) as world:
        ours, old = (b'{"id":"t1","project_id":"p","branch_id":"b","stamp":%d,"memory":{}}' % stamp for stamp in (3, 0))
        world.store.rows[b"task/p/t1"], world.gap, world.store.read_end = ours, {b"task/p/t1": old}, 2
        world.sink.logs["state", 0] = [(b"task/p/t1", ours, []), (b"task/p/t1", old, [])]
        await world.owner.open(Place(4, 1))
        await _turns()
    assert (world.asked, b'"stamp":3' in (world.sink.values("state", 0)[2] or b"")) == ([0, 2], True)


async def test_too_much_poison_ends_the_owner() -> None:
    """The limit is told in a sentence, and nothing of the step that breaks it is sent: what follows cannot be taken as applied."""
    world = _World(Sink())
    await world.owner.open(Place(0, 1))
    await world.owner.submit(Batch([Record(n, 0, b"p", b"{") for n in range(3)], 1, 0, 3))
    with pytest.raises(ExceptionGroup) as caught:
        await world.owner.run()
    assert "3 records one after the other cannot be applied, up to offset 2" in str(caught.value.exceptions[0])
    assert not world.sink.logs


async def test_poison_is_counted_over_a_restart() -> None:
    """The next owner of the same store reads two poison records again, and stops at the third; one good record would have let it go on."""
    poison = [Record(n, 0, b"p", b"{") for n in range(3)]
    async with _world() as first:
        await first.owner.open(Place(0, 1))
        await first.owner.submit(Batch(poison[:2], 1, 0, 2))
        await _turns()
    for third, stops in ((poison[2], True), (_record(2), False)):
        second = _World(Sink())
        second.owner = Owner(0, first.store, second.owner._kit, cache_rows=100)  # noqa: SLF001  the kit of a test
        await second.owner.open(Place(0, 1))
        await second.owner.submit(Batch([*poison[:2], third], 1, 0, 3))
        running = asyncio.create_task(second.owner.run())
        await _turns()
        assert running.done() is stops
        running.cancel()
        await asyncio.wait([running])
