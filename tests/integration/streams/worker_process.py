"""A worker as its own process, started, killed and asked by tests."""

import asyncio
import json
import os
import signal
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from broker.connection import KafkaSettings

_MAIN: Final = "import sys; from streams.app import main; from streams.settings import WorkerSettings; sys.exit(main(WorkerSettings()))"
SHORT: Final = {"TIMES__SESSION_MS": "6000"}
"""For a worker that is killed: until its session has ended nobody gets its partitions."""
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE_S: Final = 120.0
"""A group waits up to half a minute for a member that died while partitions were given out, and then for the end of its session."""


class WorkerProcess:
    """One worker on its own directory. settings: more of its environment, without the prefix."""

    def __init__(self, kafka: KafkaSettings, directory: Path, **settings: str) -> None:
        self.directory = directory
        self._log = directory.with_suffix(".log")
        values = {
            "KAFKA__BOOTSTRAP": kafka.bootstrap,
            "KAFKA__TOPIC_PREFIX": kafka.topic_prefix,
            "WORKER_DIR": str(directory),
            "TIMES__SESSION_MS": "12000",  # it ends itself when it stands still for half of this, which a busy machine may do to it
            "TIMES__HEARTBEAT_MS": "600",
            "TIMES__COMMIT_INTERVAL_MS": "200",
            **settings,
        }
        self._environment = {**os.environ, **{f"ANABRANCH_{name}": value for name, value in values.items()}}
        self._process: asyncio.subprocess.Process | None = None
        self._starts = 0

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The process that runs now."""
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        """Start the process and wait until it has its partitions."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _MAIN, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )
        self._starts += 1
        await self.until(lambda: self.log.count("worker_ready") >= self._starts)

    @property
    def log(self) -> str:
        """All that it has written."""
        return self._log.read_text()

    async def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)

    async def partitions(self) -> dict[str, dict[str, int]]:
        """Return what /healthz says about its partitions."""
        found: dict[str, dict[str, int]] = (await asyncio.to_thread(self._health))["partitions"]
        return found

    async def metric(self, name: str) -> float:
        """Return the value of a metric without labels."""
        text = (await asyncio.to_thread(self._get, "metrics")).decode()
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")))

    def _health(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._get("healthz"))
        return body

    def _get(self, path: str) -> bytes:
        port = self.log.rpartition("private_port=")[2].split()[0]
        with _DIRECT.open(f"http://127.0.0.1:{port}/{path}", timeout=PATIENCE_S) as answer:
            body: bytes = answer.read()
        return body

    async def owns(self, count: int) -> None:
        """Wait until it owns so many partitions."""
        async with asyncio.timeout(PATIENCE_S):
            while len(await self.partitions()) != count:  # noqa: ASYNC110  because the event is in another process
                await asyncio.sleep(0.05)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that its log shows."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not condition():
            assert self.process.returncode is None, self.log[-2000:]
            assert asyncio.get_running_loop().time() < deadline, self.log[-2000:]
            await asyncio.sleep(0.05)
