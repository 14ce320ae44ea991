"""An owner takes exactly the events that follow, and lets be committed only what is durable and published."""

import asyncio
from collections.abc import Generator
from typing import Any

import msgspec
import pytest

from streams.domain.records import Record, Step
from streams.domain.step import slices
from streams.engine.ports import Batch, Place
from streams.owner import Owner
from tests.unit.streams.owned import Broken, Real, World, around, batch, record, turns
from tests.unit.streams.sink import Sink


async def test_a_taken_batch_becomes_durable() -> None:
    """Rows are stored, the mark and the watermark stand at the end."""
    async with around() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(batch(0, 10))
        await turns()
    assert world.owner.watermark == 10
    assert world.store.mark.through == 10
    assert world.owner.in_flight == 0
    assert {key for key in world.store.rows if key.startswith(b"task/")} == {b"task/p/t%d" % n for n in range(10)}


async def test_a_lone_batch_is_folded_at_once() -> None:
    """An owner with nothing else to do folds while the batch is handed over; its failure ends the owner, not the caller."""
    world = World(Sink(held=True), fold=Broken)
    running = asyncio.create_task(world.owner.run())
    await world.owner.open(Place(0, 1))
    await turns()
    await world.owner.submit(batch(0, 1))
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(running, 60)
    assert caught.group_contains(LookupError, match="no such row")


async def test_rows_are_stored_only_after_their_acknowledgement() -> None:
    """The store is a prefix of the acknowledged changelog."""
    async with around(held=True) as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(batch(0, 2))
        await turns()
        assert not world.store.rows
        assert world.owner.watermark == 0
        world.sink.acknowledge()
        await turns()
        assert world.owner.watermark == 2


async def test_a_gap_is_read_again() -> None:
    """A batch that begins above what was expected is not taken; the partition is positioned at the gap."""
    async with around() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(batch(3, 5))
        await world.owner.submit(batch(5, 6))
        assert world.asked == [0]
        await world.owner.submit(batch(0, 5, token=2))  # drained before the owner hears of its new place
        await world.owner.open(Place(0, 2))
        await turns()
    assert world.owner.watermark == 5


async def test_holes_that_the_log_really_has_are_no_gaps() -> None:
    """A transaction's marker takes an offset; the batch behind it begins where the last one ended."""
    async with around() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(batch(0, 2))
        await world.owner.submit(Batch([record(3)], 1, 2, 4))
        await turns()
    assert world.asked == []
    assert world.owner.watermark == 4


async def test_what_overlaps_is_taken_once() -> None:
    """Records below the expected offset are left out, old batches altogether."""
    async with around() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(batch(0, 4))
        await world.owner.submit(batch(0, 4))
        await world.owner.submit(batch(2, 6))
        await turns()
    assert world.owner.watermark == 6
    assert world.owner.in_flight == 0


async def test_batches_of_a_former_place_are_dropped() -> None:
    """What was drained before a seek does not count."""
    async with around() as world:
        await world.owner.open(Place(0, 2))
        await world.owner.submit(batch(0, 4, token=1))
        await turns()
    assert world.owner.expected == 0


async def test_an_open_window_holds_the_watermark_back() -> None:
    """AI events that no message has told of are not committed; the flush lets them go."""
    async with around() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(batch(0, 1, source="mcp-ai"))
        await turns()
        await world.owner.submit(batch(1, 3, source="mcp-ai"))
        await turns()
        assert world.store.mark.through == 3
        assert world.owner.watermark == 1  # the first goes out at once
        await world.owner.settle()
        assert world.owner.watermark == 3
    bulk = [msgspec.json.decode(value or b"")["type"] for value in world.sink.values("cascades", 0)]
    assert bulk == ["update", "bulk"]


async def test_a_replay_is_told_again_and_commits_again() -> None:
    """Events below `through` change no row, but the watermark moves over them once their rows are out again."""
    async with around() as first:
        await first.owner.open(Place(0, 1))
        await first.owner.submit(batch(0, 6))
        await turns()
    async with around(through=6) as again:
        again.store.rows = dict(first.store.rows)
        await again.owner.open(Place(2, 1))
        await again.owner.submit(batch(2, 6))
        await turns()
        await again.owner.settle()
    assert again.owner.watermark == 6
    assert again.store.rows == first.store.rows
    assert again.sink.values("cascades", 0)


async def test_a_settled_owner_takes_nothing_more() -> None:
    """After settling, what arrives is for the next owner."""
    async with around() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.settle()
        await world.owner.submit(batch(0, 4))
        await turns()
    assert world.owner.expected == 0
    assert world.owner.in_flight == 0


async def test_what_a_former_owner_wrote_over_is_written_again() -> None:
    """Rows between two acknowledged batches are another's: the newest value per key is ours again, and nothing is committed wrongly."""
    async with around() as world:
        await world.owner.open(Place(0, 1))
        await world.owner.submit(batch(0, 4))
        await turns()
        before = dict(world.store.rows)
        old = b'{"id":"t1","project_id":"p","branch_id":"b","stamp":0}'
        world.gap = {b"task/p/t1": old}
        begin = len(world.sink.logs["state", 0])
        world.sink.logs["state", 0].append((b"task/p/t1", old, []))
        await world.owner.submit(batch(4, 5))
        await turns()
        await world.owner.settle()
    newest = {key: value for key, value, _ in world.sink.logs["state", 0]}
    assert world.asked == [begin, begin + 1]
    assert newest[b"task/p/t1"] == before[b"task/p/t1"] == world.store.rows[b"task/p/t1"]
    assert (world.store.mark.through, world.owner.watermark) == (5, 5)
    assert world.store.mark.changelog == len(world.sink.logs["state", 0]) - 1


class _Slow(Real):
    """A fold that takes many turns for a step."""

    @staticmethod
    def slices(*args: Any) -> Generator[None, None, Step]:  # noqa: ANN401  passed on
        for _ in range(20):
            yield
        return (yield from slices(*args))


async def test_a_long_step_gives_others_a_turn() -> None:
    """Two owners in one loop: the one with little to do is done while the other is still in its step, which nothing cuts short."""
    slow, quick = World(Sink(), fold=_Slow()), World(Sink())
    tasks = [asyncio.create_task(world.owner.run()) for world in (slow, quick)]
    for world in (slow, quick):
        await world.owner.open(Place(0, 1))
        await world.owner.submit(Batch([record(0)], 1, 0, 1))
    await turns(8)
    assert (quick.owner.watermark, slow.owner.watermark) == (1, 0)
    assert not slow.sink.logs
    await slow.owner.settle()
    assert slow.owner.watermark == 1
    assert [task.cancel() for task in tasks]
    await asyncio.wait(tasks)


async def test_a_batch_behind_a_step_under_way_waits_for_its_end() -> None:
    """A step that gives others a turn is not given up for the batch that comes in that turn."""
    async with around(fold=_Slow()) as world:
        await world.owner.open(Place(0, 1))
        await turns()
        await world.owner.submit(batch(0, 2))
        await world.owner.submit(batch(2, 4))
        await turns()
    assert world.owner.watermark == 4
    assert {key for key in world.store.rows if key.startswith(b"task/")} == {b"task/p/t%d" % n for n in range(4)}


async def test_what_a_dead_owner_did_not_mend_is_written_again() -> None:
    """An old row that the restore found on top of a newer one is written over before anything else happens."""
    async with around(through=4) as world:
        ours, old = (b'{"id":"t1","project_id":"p","branch_id":"b","stamp":%d,"memory":{}}' % stamp for stamp in (3, 0))
        world.store.rows[b"task/p/t1"], world.gap, world.store.read_end = ours, {b"task/p/t1": old}, 2
        world.sink.logs["state", 0] = [(b"task/p/t1", ours, []), (b"task/p/t1", old, [])]
        await world.owner.open(Place(4, 1))
        await turns()
    assert (world.asked, b'"stamp":3' in (world.sink.values("state", 0)[2] or b"")) == ([0, 2], True)


async def test_too_much_poison_ends_the_owner() -> None:
    """The limit is told in a sentence, and nothing of the step that breaks it is sent: what follows cannot be taken as applied."""
    world = World(Sink())
    await world.owner.open(Place(0, 1))
    await world.owner.submit(Batch([Record(n, 0, b"p", b"{") for n in range(3)], 1, 0, 3))
    with pytest.raises(ExceptionGroup) as caught:
        await world.owner.run()
    assert "3 records one after the other cannot be applied, up to offset 2" in str(caught.value.exceptions[0])
    assert not world.sink.logs


async def test_poison_is_counted_over_a_restart() -> None:
    """The next owner of the same store reads two poison records again, and stops at the third; one good record would have let it go on."""
    poison = [Record(n, 0, b"p", b"{") for n in range(3)]
    async with around() as first:
        await first.owner.open(Place(0, 1))
        await first.owner.submit(Batch(poison[:2], 1, 0, 2))
        await turns()
    for third, stops in ((poison[2], True), (record(2), False)):
        second = World(Sink())
        second.owner = Owner(0, first.store, second.owner._kit, cache_rows=100)  # noqa: SLF001  the kit of a test
        await second.owner.open(Place(0, 1))
        await second.owner.submit(Batch([*poison[:2], third], 1, 0, 3))
        running = asyncio.create_task(second.owner.run())
        await turns()
        assert running.done() is stops
        running.cancel()
        await asyncio.wait([running])
