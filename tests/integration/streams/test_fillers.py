"""Stores that processes of their own fill from a real topic: what they hold, also when such a process does not come to its end."""

import asyncio
import contextlib
import pickle
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from aiokafka import AIOKafkaProducer
from structlog.testing import capture_logs

from broker.connection import KafkaSettings, client_options
from schemas.failure import Failure
from schemas.rows import OffsetRow, TaskSummary, encode_row
from schemas.topics import TASK_STATE, offset_key, row_key
from streams.domain.records import Record
from streams.engine.fill import Part
from streams.engine.fillers import Fillers, Filling
from streams.engine.lives import Life
from streams.engine.store import Mark, PartitionStore
from streams.engine.table import Stores
from tests.integration.streams.topic_log import agrees, read_all, send, task_events
from tests.integration.streams.worker_process import PATIENCE_S, WorkerProcess

_DAY_MS = 24 * 3_600_000
_STEP = 500
_Rows = list[tuple[bytes, bytes]]


def _row(number: int, stamp: int) -> tuple[bytes, bytes]:
    task = TaskSummary(id=f"t{number}", project_id="p", branch_id=f"b{number % 7}", title="x" * 300, stamp=stamp)
    return row_key("task", "p", f"t{number}"), encode_row(task)


def _end(through: int) -> tuple[bytes, bytes]:
    return offset_key(0), encode_row(OffsetRow(partition=0, through=through, time_ms=through))


def _steps(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Give whole steps, each tenth of whose rows are changed rows of the step before, and now and then what former owners leave."""
    for stamp in range(count):
        yield _row(stamp if stamp % 10 else max(0, stamp - _STEP), stamp)
        if stamp % _STEP == _STEP - 1:
            if stamp % 3 == 0:
                yield _row(stamp + 5, stamp + 5)  # went ahead of its step, which comes again
            yield _end(stamp + 1)
    yield _row(1, 1)  # a former owner writes late
    yield _end(2)
    yield _row(count, count)  # half a step


async def _write(kafka: KafkaSettings, rows: Iterator[tuple[bytes, bytes]]) -> int:
    """Write rows to partition 0; returns its end."""
    async with AIOKafkaProducer(**client_options(kafka), max_batch_size=512 * 1024) as producer:
        topic, acks = kafka.topic(TASK_STATE), []
        batch = producer.create_batch()
        for key, value in rows:
            if batch.append(key=key, value=value, timestamp=None) is None:
                acks.append(await producer.send_batch(batch, topic, partition=0))
                batch = producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        acks.append(await producer.send_batch(batch, topic, partition=0))
        placed = [await ack for ack in acks]
        return int(placed[-1].offset + batch.record_count())


def _stores(folder: Path) -> Stores:
    def fatal(error: BaseException) -> None:
        raise AssertionError from error

    return Stores(folder, _DAY_MS, {0: Life("e", 0)}, fatal)


def _prepared(folder: Path, end: int) -> tuple[Part, int]:
    """Give an empty store as the worker would."""
    stores = _stores(folder)
    path = stores.store(0).path
    stores.close_all()
    return Part(0, path, end), end


async def _restored(kafka: KafkaSettings, folder: Path) -> tuple[Mark, _Rows]:
    """Restore what a store lacks in this process; returns what it holds then."""
    stores = _stores(folder)
    records = [Record(one.offset, one.timestamp, one.key, one.value) for one in await read_all(kafka, TASK_STATE) if one.partition == 0]
    for begin in range(0, len(records), 777):
        stores.restore(0, records[begin : begin + 777])
    stores.end_restore()
    stores.close_all()
    return _content(folder)


def _content(folder: Path) -> tuple[Mark, _Rows]:
    store = PartitionStore(folder / "partition-0")
    cursor, rows = store._db.iter(), []  # noqa: SLF001  the store has no need to list all that it holds
    cursor.seek_to_first()
    while cursor.valid():
        rows.append((cursor.key(), cursor.value()))
        cursor.next()
    mark = msgspec.structs.replace(store.mark, written_ms=0)
    store.close()
    return mark, [(key, value) for key, value in rows if key != b"\x00mark"]


def _fillers(kafka: KafkaSettings, took: Callable[[int], None] = lambda _: None) -> Fillers:
    return Fillers(Filling(kafka, records=0, processes=2), took)


def _processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "streams.engine.fill" in child.cmdline()]


async def test_a_filled_store_is_what_a_restore_in_the_worker_makes(topics: KafkaSettings, tmp_path: Path) -> None:
    """The same rows, children and mark, whatever lies in the topic; restoring goes on from there; all records are counted."""
    end = await _write(topics, _steps(5_000))
    counts: list[int] = []
    await _fillers(topics, counts.append).fill([_prepared(tmp_path / "aside", end)])
    mark, rows = _content(tmp_path / "aside")
    assert (mark, rows) == await _restored(topics, tmp_path / "inside")
    assert len([key for key, _ in rows if key.startswith(b"task/")]) > 4_000
    assert sum(counts) == end
    assert (mark, rows) == await _restored(topics, tmp_path / "aside")


@pytest.mark.parametrize("how", ["killed", "cancelled"])
async def test_a_filling_that_ends_early_leaves_a_store_to_go_on_from(topics: KafkaSettings, tmp_path: Path, how: str) -> None:
    """A process that is lost costs a warning; one that is no longer wanted closes its store first. The rest is restored as ever."""
    end = await _write(topics, _steps(20_000))

    def stop(records: int) -> None:
        if how == "killed":
            _processes()[0].kill()
        elif records:
            filling.cancel()

    with capture_logs() as logs:
        filling = asyncio.create_task(_fillers(topics, stop).fill([_prepared(tmp_path / "aside", end)]))
        await asyncio.wait([filling])
    assert not _processes()
    assert filling.cancelled() == (how == "cancelled")
    assert [entry["event"] for entry in logs] == (["fill_given_up"] if how == "killed" else [])
    mark, _ = _content(tmp_path / "aside")
    assert mark.changelog < end - 1
    assert mark.changelog > 0 or how == "killed"
    assert await _restored(topics, tmp_path / "aside") == await _restored(topics, tmp_path / "inside")


async def test_a_store_that_lacks_nothing_is_left_alone(topics: KafkaSettings, tmp_path: Path) -> None:
    """Somebody may have restored it meanwhile."""
    with capture_logs() as logs:
        await _fillers(topics).fill([_prepared(tmp_path, 0)])
    assert not logs
    assert _content(tmp_path)[0].changelog == -1


async def test_a_process_that_kafka_keeps_from_its_work_gives_up(topics: KafkaSettings, tmp_path: Path) -> None:
    """The worker restores as if there were none: it has more patience with Kafka."""
    gone = topics.model_copy(update={"bootstrap": "127.0.0.1:1"})
    with capture_logs() as logs:
        await _fillers(gone).fill([_prepared(tmp_path, 1)])
    assert [(entry["event"], entry["partitions"]) for entry in logs] == [("fill_given_up", [0])]
    assert "KafkaConnectionError" in logs[0]["why"]


async def test_a_store_that_cannot_be_written_ends_the_filling(topics: KafkaSettings, tmp_path: Path) -> None:
    """It would end a restore in the worker just the same."""
    end = await _write(topics, _steps(10))
    part = _prepared(tmp_path, end)
    store = PartitionStore(part[0].path)
    try:
        with pytest.raises(Failure, match="LOCK"):
            await _fillers(topics).fill([part])
    finally:
        store.close()
    assert not _processes()


async def test_no_process_outlives_its_worker(topics: KafkaSettings, tmp_path: Path) -> None:
    """Whoever starts after a worker that was killed finds its stores unlocked."""
    end = await _write(topics, _steps(20_000))
    code = textwrap.dedent("""
        import asyncio, os, pickle, psutil, signal, sys
        from streams.engine.fillers import Fillers
        def die(_):
            print(psutil.Process().children()[0].pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        filling, parts = pickle.load(sys.stdin.buffer)
        asyncio.run(Fillers(filling, die).fill(parts))
    """)
    given = pickle.dumps((Filling(topics, 0, 2), [_prepared(tmp_path / "aside", end)]))
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], input=given, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    async with asyncio.timeout(30):
        while _fills(int(done.stdout)):  # noqa: ASYNC110  because the event is in another process
            await asyncio.sleep(0.01)
    assert await _restored(topics, tmp_path / "aside") == await _restored(topics, tmp_path / "inside")


def _fills(pid: int) -> bool:
    try:
        return "streams.engine.fill" in psutil.Process(pid).cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.mark.timeout(300)
async def test_a_worker_that_lost_its_disk_has_its_stores_filled(topics: KafkaSettings, tmp_path: Path) -> None:
    """Killed, stopped or in a rebalance in the middle of it, too: it goes on from there, and its rows are exact."""
    first = WorkerProcess(topics, tmp_path / "first", LIMITS__RESTORE_RECORDS="200")
    killed, stopped, last = (WorkerProcess(topics, tmp_path / "second", LIMITS__RESTORE_RECORDS="0") for _ in range(3))
    try:
        await first.start()
        await send(topics, task_events(3_000, seed=31))
        await agrees(topics)
        assert await first.stop() == 0

        async with _filling(killed):
            await killed.kill()
        async with _filling(stopped):
            assert await stopped.stop() == 0
        async with _filling(last) as started:
            await first.start()
            await started
        await asyncio.gather(first.owns(2), last.owns(2))
        await send(topics, task_events(3_000, seed=32))
        await agrees(topics)
        assert await last.metric("worker_restored_records") > 0
        assert "fill_given_up" not in last.log
        assert await last.stop() == 0
        await first.owns(4)
        assert "stores_filling" not in first.log  # a worker does not lack what it wrote itself
        assert await first.stop() == 0
    finally:
        for one in (first, killed, stopped, last):
            with contextlib.suppress(AssertionError, ProcessLookupError):  # never started, or ended
                await one.kill()


@contextlib.asynccontextmanager
async def _filling(worker: WorkerProcess) -> AsyncIterator[asyncio.Task[None]]:
    """Start a worker and hold the processes that fill its stores, which must be gone in the end; gives the start, which may fail."""
    starting = asyncio.create_task(worker.start())
    async with asyncio.timeout(PATIENCE_S):
        while not (children := _children(worker)):  # noqa: ASYNC110  because the event is in another process
            await asyncio.sleep(0.01)
    for child in children:
        child.suspend()
    yield starting
    await asyncio.gather(starting, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_S):
        while any(_fills(child.pid) for child in children):  # noqa: ASYNC110  because the event is in another process
            await asyncio.sleep(0.01)


def _children(worker: WorkerProcess) -> list[psutil.Process]:
    with contextlib.suppress(AssertionError, psutil.NoSuchProcess):  # not started yet
        return [one for one in psutil.Process(worker.process.pid).children() if _fills(one.pid)]
    return []
