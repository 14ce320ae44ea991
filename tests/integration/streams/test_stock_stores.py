"""More of what Faust does as shipped: with events that fail, with changelogs that were cut off, with stores that somebody still holds."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.events import Event
from faust.stores.rocksdb import Store as StockStore
from faust.tables.recovery import Recovery
from faust.types import TP, ConsumerMessage

from streams.domain.records import Record, Step
from streams.domain.rules import Rules
from streams.domain.step import flush
from streams.engine.lives import Life
from streams.engine.ports import Batch, Place
from streams.engine.store import Mark, PartitionStore, Write
from streams.engine.table import Stores
from streams.kit import Kit
from streams.metrics import Meters
from streams.owner import Owner
from streams.writer import Outlets
from tests.unit.streams.sink import Sink, Store

_TP = TP("task-changes", 0)
_OUTLETS = Outlets(changes="changes", cascades="cascades", state="state", dead="dead", dead_partitions=1)


async def _stock_failure(folder: Path) -> int:
    app = faust.App("stock", datadir=str(folder), store="memory://")
    app.finalize()
    app.topics._acking_topics.add(_TP.topic)  # noqa: SLF001  what subscribing does
    app.flow_control.resume()
    stream = app.stream(app.channel())
    app.consumer._committed_offset[_TP] = None  # noqa: SLF001  nothing was committed yet
    message = ConsumerMessage(_TP.topic, 0, 0, 0.0, 0, {}, None, b"", None, tp=_TP, generation_id=app.consumer_generation_id)
    await stream.channel.queue.put(Event(app, None, b"{}", {}, message))

    async def agent() -> None:
        async for _ in stream:
            raise LookupError

    with contextlib.suppress(LookupError):
        await agent()
    await asyncio.sleep(0.1)
    app.consumer._thread.thread_loop.close()  # noqa: SLF001  made for a thread that was never started
    return app.consumer._new_offset(_TP) or 0  # noqa: SLF001  the method that a commit asks


class _Fails:
    """A fold that fails, as a mistake of ours would."""

    @staticmethod
    def slices(*_: object) -> Generator[None, None, Step]:
        """Raise."""
        yield
        raise LookupError

    flush = staticmethod(flush)


async def _our_failure(_: Path) -> int:
    async def nothing(*_: object) -> dict[bytes, bytes]:
        return {}

    async def stay(*_: object) -> None:
        """Nothing is read again."""

    sink = Sink()
    kit = Kit(_Fails, Rules(), lambda: sink, _OUTLETS, lambda: 0, stay, nothing, Meters(), 8)
    owner = Owner(0, Store(Mark()), kit, 10)
    running = asyncio.create_task(owner.run())
    await owner.open(Place(0, 1))
    await owner.submit(Batch([Record(0, 0, b"p", b"{}")], 1, 0, 1))
    await asyncio.wait([running])
    assert running.exception() is not None
    return owner.watermark or 0


@pytest.mark.parametrize(("failure", "holds"), [(_our_failure, True), (_stock_failure, False)], ids=["ours", "stock"])
async def test_an_event_that_failed_is_not_taken_for_done(failure: Any, holds: bool, tmp_path: Path) -> None:  # noqa: ANN401, FBT001  a table
    """F3: whoever raises over an event has not handled it; it is not committed, and the worker ends instead of going on behind it."""
    assert (await failure(tmp_path) == 0) is holds


async def _stock_cut() -> bool:
    offsets: Counter[TP] = Counter({_TP: 3})

    async def earliest(*_: TP) -> dict[TP, int]:
        return {_TP: 50}

    recovery = SimpleNamespace(log=logging.getLogger("stock"), _start_offsets_logtable=lambda *_, **__: "")
    await Recovery._build_offsets(recovery, SimpleNamespace(earliest_offsets=earliest), {_TP}, offsets, "active")  # noqa: SLF001
    return offsets[_TP] == 3


async def _our_cut(folder: Path) -> bool:
    ended: list[BaseException] = []
    stores = Stores(folder, 10**15, {0: Life("e", 0)}, ended.append)
    stores.store(0).apply(Write(Mark(changelog=3, epoch="e", written_ms=10**13), {b"task/p/t": b"{}"}))
    stores.check_begin(0, 4)
    assert ended == []
    stores.check_begin(0, 50)
    stores.close_all()
    return bool(ended)


async def test_a_changelog_that_was_cut_off_is_noticed(tmp_path: Path) -> None:
    """F9, Faust issues 176, 597, 651: with rows up to 3 and a changelog that begins at 50, those between are missing, not known."""
    assert (await _our_cut(tmp_path), await _stock_cut()) == (True, False)


def _stock_reopens(folder: Path) -> bool:
    app = faust.App("stock", datadir=str(folder), store="rocksdb://")
    app.finalize()
    table = app.Table("rows", partitions=1)
    store = StockStore("rocksdb://", app, table, driver="rocksdict")
    held = store._db_for_partition(0)  # noqa: SLF001  what a running agent, or the traceback of a failed one, holds
    held.put(b"task", b"{}")
    store.revoke_partitions(table, {TP(*table.changelog_topic.topics, 0)})
    with pytest.raises(Exception, match="lock hold by current process"):
        store._open_for_partition(0)  # noqa: SLF001  what the next assignment does
    return False


def _ours_reopens(folder: Path) -> bool:
    held = PartitionStore(folder)
    held.apply(Write(Mark(), {b"task": b"{}"}))
    held.children(b"branch")
    held.close()
    again = PartitionStore(folder)
    found = again.get(b"task")
    again.close()
    return found == b"{}"


@pytest.mark.parametrize(("reopens", "holds"), [(_ours_reopens, True), (_stock_reopens, False)], ids=["ours", "stock"])
async def test_a_revoked_store_is_closed_whoever_holds_it(reopens: Any, holds: bool, tmp_path: Path) -> None:  # noqa: ANN401, FBT001  a table
    """F11: the lock goes with the partition, not with the last reference that the garbage collector finds."""
    assert reopens(tmp_path / "store") is holds
