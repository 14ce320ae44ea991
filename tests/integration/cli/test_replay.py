"""`anabranch replay --from-zero`: a second life of the rows, from the same log, is the same to the byte."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from broker.connection import KafkaSettings, client_options
from tests.integration.streams.topic_log import agrees, send, send_raw, task_events
from tests.integration.streams.worker_process import SHORT, WorkerProcess


def _replay(kafka: KafkaSettings, folder: Path, workers: int) -> tuple[int, str, str]:
    words = ("--from-zero", "--into", f"again-{workers}", "--workers", str(workers), "--data", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "replay", *words, "--kafka", kafka.bootstrap, "--json"],
        env={"ANABRANCH_KAFKA__TOPIC_PREFIX": kafka.topic_prefix, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("workers", [1, 3])
async def test_rows_of_a_replay_are_identical(topics: KafkaSettings, tmp_path: Path, workers: int) -> None:
    """With one worker and with three, memory and dead letters included, after a life that was killed in the middle."""
    worker = WorkerProcess(topics, tmp_path / "worker", **SHORT)
    await worker.start()
    await send(topics, task_events(3_000, seed=61))
    await worker.kill()
    await worker.start()
    await send(topics, task_events(2_000, seed=62))
    await agrees(topics)
    await send_raw(topics, [(b"project-1", b"{")])
    code, out, err = await asyncio.to_thread(_replay, topics, tmp_path, workers)
    found = json.loads(out or "{}")
    assert (code, found.get("events"), found.get("different"), found.get("newer")) == (0, 5_001, 0, 0), (out, err)
    assert found["identical"] > 400
    assert await worker.stop() == 0
    admin = AIOKafkaAdminClient(**client_options(topics))
    await admin.start()
    made = topics.model_copy(update={"output_prefix": f"again-{workers}."})
    await admin.delete_topics([made.topic(name) for name in ("cascades", "task-state", "task-changes.dlq")])
    await admin.close()
