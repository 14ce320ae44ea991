"""Exports that are kept fresh, by the real command: in every format, whoever reads sees an old or a new file."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiokafka import AIOKafkaProducer

from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from broker.records import Record
from cli.refold import Refold
from schemas.topics import TASK_STATE
from tests.integration.analytics.test_tables import FIRST_MS, event

ROOT = Path(__file__).parents[3]
PARTITION = partition_for("p", 4)
READS = {
    "csv": "SELECT status_breakdown FROM read_csv('{out}/branches.csv')",
    "parquet": "SELECT status_breakdown::JSON::TEXT FROM read_parquet('{out}/branches.parquet')",
}


async def write(settings: KafkaSettings, events: int) -> None:
    """Write the rows that a worker would after so many events."""
    fold = Refold(PARTITION, 0, {})
    fold.take([Record(number, FIRST_MS + number * 1000, b"p", event(number)) for number in range(events)])
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for key, value in sorted(fold.rows().items(), key=lambda pair: pair[0].startswith(b"offset/")):
            await producer.send_and_wait(settings.topic(TASK_STATE), value, key, partition=PARTITION)


async def noted(process: Process) -> dict[str, Any]:
    """Return the next note of the command."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    assert line, await process.stderr.read() if process.stderr else b""
    found: dict[str, Any] = json.loads(line)
    return found


def shown(form: str, out: Path) -> str:
    """Return the statuses of the branch, as the file has them."""
    if form != "duckdb":
        with duckdb.connect() as memory:
            return str(memory.execute(READS[form].format(out=out)).fetchall()[0][0])
    with duckdb.connect(str(out), read_only=True) as opened:
        return str(opened.execute("SELECT status_breakdown::JSON::TEXT FROM branch_summaries").fetchall()[0][0])


@pytest.mark.parametrize("form", ["csv", "parquet", "duckdb"])
async def test_a_followed_export_is_written_again_when_something_changed(topics: KafkaSettings, tmp_path: Path, form: str) -> None:
    """And only then; Ctrl-C ends it."""
    out = tmp_path / ("tables.duckdb" if form == "duckdb" else "tables")
    await write(topics, 1)
    arguments = ("views", "export", "--format", form, "--out", str(out), "--follow", "--every", "0.2", "--no-events", "--json")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *arguments, "--data", str(tmp_path / "data"), "--kafka", topics.bootstrap),
        cwd=ROOT,
        env={**os.environ, "ANABRANCH_KAFKA__TOPIC_PREFIX": topics.topic_prefix},
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        assert (await noted(process))["positions"][str(PARTITION)] == 1
        assert "todo" in shown(form, out)
        await write(topics, 3)
        assert (await noted(process))["positions"][str(PARTITION)] == 3
        assert "done" in shown(form, out)
        assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 130
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
