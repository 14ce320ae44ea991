"""`anabranch dlq` on a real broker with a real worker: letters are seen, mended, dropped, and the recount agrees throughout."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from audit.app import run
from broker.connection import KafkaSettings
from schemas.events import encode_event
from tests.integration.streams.topic_log import send, send_raw, task_events
from tests.integration.streams.worker_process import WorkerProcess


class _Dlq:
    """The command against one Kafka."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    async def __call__(self, *words: str) -> Any:  # noqa: ANN401  because JSON may be anything
        """Return what a command prints; a failure is its sentence."""
        code, out, err = await asyncio.to_thread(self._run, words)
        return json.loads(out) if code == 0 else err

    def _run(self, words: tuple[str, ...]) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "dlq", *words, "--kafka", self._kafka.bootstrap, "--json"],
            env={"ANABRANCH_KAFKA__TOPIC_PREFIX": self._kafka.topic_prefix, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


async def _agrees(kafka: KafkaSettings) -> None:
    result = await run(kafka, None, 60.0, 20)
    assert result.differences == []


async def test_letters_are_replayed_and_dropped(topics: KafkaSettings, tmp_path: Path) -> None:
    """Open letters degrade their project; a mended one is applied, a dropped one closed, and one that is still poison is refused."""
    worker, dlq = WorkerProcess(topics, tmp_path / "worker"), _Dlq(topics)
    await worker.start()
    events = task_events(200, seed=5)
    await send(topics, events)
    await send_raw(topics, [(b"project-1", b"{"), (b"project-1", b"{}"), (b"nobody", b"[")])
    await _agrees(topics)

    states = sorted((one["project"], one["state"]) for one in await dlq("list"))
    assert states == [("nobody", "uncounted"), ("project-1", "open"), ("project-1", "open")]
    first, second = sorted((one["id"] for one in await dlq("list", "--project", "project-1")), key=lambda name: int(name.partition("/")[2]))
    assert (await dlq("show", first))["value"] == "{"
    assert "give the mended event" in await dlq("replay", first)
    assert "There is no dead letter 9/9" in await dlq("drop", "9/9")
    assert "give the file of the mended event" in await dlq("replay", first, "--value", str(tmp_path / "nothing"))

    mended = next(event for event in events if event.project_id == "project-1")
    mended.id, mended.entity_id = "mended", "mended-task"
    (tmp_path / "event.json").write_bytes(encode_event(mended))
    assert list((await dlq("replay", first, "--value", str(tmp_path / "event.json")))["letters"]) == [first]
    await _agrees(topics)
    assert [one["id"] for one in await dlq("list", "--project", "project-1")] == [second]

    await dlq("drop", "--all")
    await dlq("drop", second)
    await _agrees(topics)
    assert await dlq("list", "--project", "project-1") == []
    assert [one["state"] for one in await dlq("list", "--all", "--project", "project-1")] == ["closed", "closed"]
    assert await worker.stop() == 0


async def test_too_much_poison_stops_the_worker(topics: KafkaSettings, tmp_path: Path) -> None:
    """It says why and what to do, and ends with an exit code that is not 0."""
    worker = WorkerProcess(topics, tmp_path / "worker", LIMITS__POISON_CONSECUTIVE="20")
    await worker.start()
    await send_raw(topics, [(b"project-1", b"{")] * 30)
    assert await asyncio.wait_for(worker.process.wait(), 60) != 0
    assert "20 records one after the other cannot be applied" in worker.log
    assert "anabranch dlq list" in worker.log
