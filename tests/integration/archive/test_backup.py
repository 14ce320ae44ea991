"""A backup goes into a fresh Kafka, record by record as it was, and everything that is made of it is right."""

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from archive.backup import backup
from archive.folder import Folder
from archive.restore import restore
from broker.admin import apply_topics, delete_topics
from broker.connection import KafkaSettings, client_options
from broker.embedded import EmbeddedKafka
from schemas.failure import Failure
from schemas.topics import TASK_CHANGES
from tests.integration.archive.logs import epochs, fill, folded, log_of, rows_of, silent
from tests.integration.cli.parts import anabranch


class Interrupted(Exception):  # noqa: N818  because it is what the test does
    """What ends an attempt in the middle."""


def after(count: int) -> object:
    """Return a progress that ends the attempt after so many calls."""
    calls = iter(range(count))

    def tell(_done: int, _total: int) -> None:
        if next(calls, None) is None:
            raise Interrupted

    return tell


@pytest.mark.timeout(300)  # several programs are started
async def test_a_backup_makes_a_new_cluster(topics: KafkaSettings, tmp_path: Path) -> None:
    """By the commands, with an interruption each way; offsets, times, keys and headers are kept; rows are the same; the epoch is new."""
    records = await fill(topics, seed=1, count=1_200)
    await folded(topics, tmp_path / "old")
    kept = tmp_path / "backup"
    await backup(topics, kept, silent)
    records += await fill(topics, seed=2, count=300)  # the next backup adds what came since
    with pytest.raises(Interrupted):
        await backup(topics, kept, after(1))  # type: ignore[arg-type]  # a progress that raises
    with pytest.raises(Failure, match="is not complete"):
        Folder(kept).complete()
    code, found, err = await anabranch(topics, "backup", str(kept))
    assert (code, found["records"]) == (0, records), err
    log, rows, old = await log_of(topics), await rows_of_all(topics, tmp_path / "old"), await epochs(topics)

    async with EmbeddedKafka(tmp_path / "fresh") as broker:
        fresh = KafkaSettings(bootstrap=broker.bootstrap)
        with pytest.raises(Interrupted):
            await restore(fresh, kept, "dev", after(2))  # type: ignore[arg-type]  # a progress that raises
        code, found, err = await anabranch(fresh, "restore", str(kept))
        assert (code, found) == (0, {"records": records}), err
        assert await log_of(fresh) == log
        await folded(fresh, tmp_path / "new")
        assert await rows_of(fresh) == rows
        assert not old & await epochs(fresh)


async def rows_of_all(kafka: KafkaSettings, directory: Path) -> dict[str, dict[str, object]]:
    """Let a worker come to the end of the log; returns its rows."""
    await folded(kafka, directory)
    return await rows_of(kafka)


async def test_offsets_that_no_record_has_are_kept(topics: KafkaSettings, tmp_path: Path) -> None:
    """The marker of a transaction takes one: a record that changes nothing stands there afterwards."""
    producer = AIOKafkaProducer(**client_options(topics), transactional_id=f"{topics.topic_prefix}x")
    async with producer:
        for number in range(3):
            async with producer.transaction():
                event = {"id": f"e{number}", "entity": "task", "action": "create", "project_id": "p", "entity_id": f"t{number}"}
                value = json.dumps({**event, "occurred_at": "2026-01-01T00:00:00Z", "source": "user", "data": {"branch_id": "b"}}).encode()
                await producer.send_and_wait(topics.topic(TASK_CHANGES), value, key=b"p", partition=2)
    before = await log_of(topics)
    assert [record[0] for record in before[2]] == [0, 2, 4]
    await backup(topics, tmp_path / "b", silent)
    again = topics.model_copy(update={"topic_prefix": f"{topics.topic_prefix}again-"})
    await restore(again, tmp_path / "b", "dev", silent)
    after_all = await log_of(again)
    assert [record for record in after_all[2] if record[3] is not None] == before[2]
    assert (await folded(again, tmp_path / "w")).outcomes == {"applied": 3, "dropped": 3}
    await delete_topics(again)


async def test_what_does_not_fit_is_refused(topics: KafkaSettings, tmp_path: Path) -> None:
    """A folder of another log, a log that is not empty, a damaged file, a log without its beginning."""
    await fill(topics, seed=3, count=60)
    await backup(topics, tmp_path / "b", silent)
    other = topics.model_copy(update={"topic_prefix": f"{topics.topic_prefix}other-"})
    await apply_topics(other)
    await fill(other, seed=4, count=60)
    with pytest.raises(Failure, match="holds another log"):
        await backup(other, tmp_path / "b", silent)
    with pytest.raises(Failure, match="holds another log"):
        await restore(other, tmp_path / "b", "dev", silent)
    victim = Folder(tmp_path / "b").complete().segments[0]
    await asyncio.to_thread((tmp_path / "b" / victim.file).write_bytes, b"PAR1")
    with pytest.raises(Failure, match="missing or damaged"):
        await restore(other, tmp_path / "b", "dev", silent)
    await delete_topics(other)
