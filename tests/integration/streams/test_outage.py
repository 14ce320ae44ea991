"""Kafka away for a while: the worker waits, says so once, and goes on."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from broker.admin import apply_topics
from broker.embedded import EmbeddedKafka
from tests.integration.streams.topic_log import agrees, send, task_events
from tests.integration.streams.worker_process import SHORT, WorkerProcess

_AWAY_S = 8.0


@pytest.mark.usefixtures("kafka")  # skips where no broker can run
async def test_a_frozen_broker_is_waited_out(tmp_path: Path) -> None:
    """Longer than the session, in the middle of the work: one line when it goes, one when it is back, and the recount agrees."""
    async with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as broker:
        await apply_topics(broker.settings, profile="dev")
        worker = WorkerProcess(broker.settings, tmp_path / "worker", **SHORT)
        await worker.start()
        await send(broker.settings, task_events(15_000, seed=11))
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)
        await asyncio.gather(asyncio.sleep(_AWAY_S), worker.until(lambda: "kafka_unreachable" in worker.log))
        os.kill(broker.pid, signal.SIGCONT)
        await agrees(broker.settings)
        await worker.until(lambda: "kafka_back" in worker.log)
        assert worker.log.count("kafka_unreachable") == 1
        assert await worker.stop() == 0
