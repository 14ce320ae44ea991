"""A worker on a real broker: what it shows is what a recount of the log gives, whatever happens to the worker."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.connection import KafkaSettings
from schemas.topics import DLQ, TASK_CHANGES, TASK_STATE
from tests.integration.streams.topic_log import PARTITIONS, agrees, cut_off, read_all, send, send_raw, task_events
from tests.integration.streams.worker_process import PATIENCE_S, SHORT, WorkerProcess


@pytest.fixture
async def worker(topics: KafkaSettings, tmp_path: Path) -> AsyncIterator[WorkerProcess]:
    """Give a worker that is not started yet."""
    found = WorkerProcess(topics, tmp_path / "worker", **SHORT)
    yield found
    if found.process.returncode is None:
        await found.kill()


async def test_rows_equal_a_recount_and_a_stop_loses_nothing(topics: KafkaSettings, worker: WorkerProcess) -> None:
    """Totals are exact; SIGTERM ends it with 0; what comes meanwhile is taken in after the next start."""
    await worker.start()
    await send(topics, task_events(10_000, seed=1))
    await agrees(topics)
    assert await worker.metric("ai_batch_efficiency") > 1
    assert await worker.metric("worker_ai_saved_bytes_total") > 0
    await send(topics, task_events(2_000, seed=2))
    assert await worker.stop() == 0
    assert "stop_cut_short" not in worker.log
    await send(topics, task_events(2_000, seed=3))
    await worker.start()
    await agrees(topics)


@pytest.mark.parametrize("wipe", [False, True], ids=["store-kept", "store-lost"])
async def test_kill_9_in_the_middle_changes_no_total(topics: KafkaSettings, worker: WorkerProcess, *, wipe: bool) -> None:
    """Killed twice at random while events come in, with or without its store, it counts every event once and tells of each."""
    rnd = random.Random(7)
    await worker.start()
    for seed in (4, 5):
        sending = asyncio.create_task(send(topics, task_events(12_000, seed=seed)))
        await asyncio.sleep(rnd.uniform(0.2, 1.2))
        await worker.kill()
        if wipe:
            shutil.rmtree(worker.directory)
        await worker.start()
        await sending
    await agrees(topics)


async def test_poison_goes_to_the_dead_letters_and_the_rest_goes_on(topics: KafkaSettings, worker: WorkerProcess) -> None:
    """Each broken record is kept with its reason; the events around it count."""
    await worker.start()
    await send(topics, task_events(500, seed=6))
    poison = [b"{", b"\xff\xfe", b'{"id":"x"}', b"[" * 200_000, b'{"v":NaN}']
    await send_raw(topics, [(b"project-1", value) for value in poison])
    await send(topics, task_events(500, seed=8))

    async with asyncio.timeout(PATIENCE_S):
        while len(letters := await read_all(topics, DLQ)) < len(poison):  # noqa: ASYNC110  because the event is in Kafka
            await asyncio.sleep(0.2)
    assert [letter.value for letter in letters] == poison
    assert all({"reason", "detail", "source-offset", "first-seen"} <= {name for name, _ in letter.headers} for letter in letters)


async def test_a_second_worker_takes_its_share_and_all_when_the_first_dies(
    topics: KafkaSettings, worker: WorkerProcess, tmp_path: Path
) -> None:
    """Joining moves half of the partitions; a killed worker's half comes back after its session."""
    other = WorkerProcess(topics, tmp_path / "other")
    await worker.start()
    await send(topics, task_events(3_000, seed=9))
    await other.start()
    try:
        await asyncio.gather(worker.owns(2), other.owns(2))
        sending = asyncio.create_task(send(topics, task_events(6_000, seed=10)))
        await asyncio.sleep(0.3)
        await worker.kill()
        await sending
        await other.owns(4)
        await agrees(topics)
        assert await other.stop() == 0
    finally:
        if other.process.returncode is None:
            await other.kill()


async def test_a_standby_takes_over_without_a_full_restore(topics: KafkaSettings, worker: WorkerProcess, tmp_path: Path) -> None:
    """The other worker keeps copies of the rows that it does not own: when the owner dies, it reads a fraction of the changelog."""
    other = WorkerProcess(topics, tmp_path / "other")
    await worker.start()
    await other.start()
    try:
        await asyncio.gather(worker.owns(2), other.owns(2))
        mine = {int(number) for number in await worker.partitions()}
        await send(topics, task_events(10_000, seed=12))
        await agrees(topics)
        written = sum(record.partition in mine for record in await read_all(topics, TASK_STATE))
        async with asyncio.timeout(PATIENCE_S):
            while (kept := await other.metric("worker_restored_records")) < written / 2:  # noqa: ASYNC110  because the event is in Kafka
                await asyncio.sleep(0.2)
        await worker.kill()
        await other.owns(4)
        await agrees(topics)
        assert await other.metric("worker_restored_records") - kept < written / 2
        assert await other.stop() == 0
    finally:
        if other.process.returncode is None:
            await other.kill()


async def test_a_second_worker_on_one_directory_is_refused(topics: KafkaSettings, worker: WorkerProcess) -> None:
    """Before it joins the group, with a sentence that says what to do."""
    await worker.start()
    second = WorkerProcess(topics, worker.directory)
    await second.start()
    assert await asyncio.wait_for(second.process.wait(), 60) != 0
    assert "give each worker its own directory with --worker-dir" in second.log
    assert await worker.stop() == 0


async def test_a_static_member_comes_back_to_its_partitions(topics: KafkaSettings, tmp_path: Path) -> None:
    """Stopped and started again within its session, it has its partitions again, and nobody else was disturbed."""
    first, second = (WorkerProcess(topics, tmp_path / name, INSTANCE_ID=name, TIMES__SESSION_MS="60000") for name in ("one", "two"))
    await first.start()
    await second.start()
    try:
        await asyncio.gather(first.owns(2), second.owns(2))
        mine, before = set(await first.partitions()), second.log.count("partitions_assigned")
        assert await first.stop() == 0
        await first.start()
        await first.owns(2)
        assert set(await first.partitions()) == mine
        assert second.log.count("partitions_assigned") == before
        assert [await first.stop(), await second.stop()] == [0, 0]
    finally:
        for one in (first, second):
            if one.process.returncode is None:
                await one.kill()


@pytest.mark.parametrize("wipe", [False, True], ids=["store-kept", "store-lost"])
async def test_rows_that_were_cut_off_are_folded_again(topics: KafkaSettings, worker: WorkerProcess, *, wipe: bool) -> None:
    """Somebody let Kafka delete the oldest rows: the next start says so and makes all anew, once; nobody counts without them."""
    await worker.start()
    await send(topics, task_events(3_000, seed=13))
    await agrees(topics)
    await worker.stop()
    await cut_off(topics, TASK_STATE)
    if wipe:
        shutil.rmtree(worker.directory)
    await worker.start()
    await send(topics, task_events(500, seed=14))
    await agrees(topics)
    assert worker.log.count("rows_cut_off") == 1
    if wipe:
        await worker.kill()
        shutil.rmtree(worker.directory)
        await worker.start()
        await agrees(topics)
        assert worker.log.count("rows_cut_off") == 1


async def test_a_log_that_was_cut_off_too_is_said(topics: KafkaSettings, worker: WorkerProcess) -> None:
    """Without the rows and without the log nothing can be right: the worker ends with a sentence that says what to do."""
    await worker.start()
    await send(topics, task_events(300, seed=15))
    await agrees(topics)
    await worker.stop()
    await cut_off(topics, TASK_STATE)
    await cut_off(topics, TASK_CHANGES)
    second = WorkerProcess(topics, worker.directory)
    await second.start()
    assert await asyncio.wait_for(second.process.wait(), 60) == 1
    assert "bring task-changes back from a backup" in second.log


async def test_a_corrupt_store_is_moved_aside_and_made_again(topics: KafkaSettings, tmp_path: Path) -> None:
    """Its list of files is garbage, then blocks of its rows are: the worker starts all the same, and no total is wrong after."""
    worker = WorkerProcess(topics, tmp_path / "worker")
    await worker.start()
    await send(topics, task_events(4_000, seed=14))
    await agrees(topics)
    assert await worker.stop() == 0
    assert [path.write_bytes(b"garbage" * 99) for path in worker.directory.glob("partition-*/MANIFEST*")]
    await worker.start()
    await agrees(topics)
    assert worker.log.count("store_moved_aside") == PARTITIONS
    assert await worker.stop() == 0

    for path in worker.directory.glob("partition-[0-9]/*.sst"):
        content = bytearray(path.read_bytes())
        content[: len(content) // 2] = b"\xff" * (len(content) // 2)
        path.write_bytes(content)
    await worker.start()
    assert worker.log.count("store_moved_aside") == 2 * PARTITIONS
    await send(topics, task_events(4_000, seed=15))
    await agrees(topics)
    assert await worker.stop() == 0
