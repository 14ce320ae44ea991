"""Workers and edges as their users run them: processes that something starts again when they end."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from broker.connection import KafkaSettings
from broker.lifeline import die_with_parent
from broker.ports import free_port
from tests.chaos.disks import SmallDisk

SECRET: Final = "a development secret of more than 32 characters"  # noqa: S105  for tests only
_AGAIN_S: Final = 0.3
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_RUN: Final = "import sys; from {0}.app import main; from {0}.settings import {1}; sys.exit(main({1}()))"
_QUICK: Final = {
    "TIMES__SESSION_MS": "6000",
    "TIMES__HEARTBEAT_MS": "1000",
    "TIMES__COMMIT_INTERVAL_MS": "200",
    "TIMES__STALL_MS": "20000",
    "LIMITS__RESTORE_RECORDS": "200",
}


class Process:
    """One process and its successors. exits: how each run ended, those that a test asked for too. before: put in front of the command."""

    def __init__(self, name: str, command: Sequence[str], settings: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.exits: list[int] = []
        self.before: Sequence[str] = ()
        self.private_port = free_port()
        values = {**settings, "PRIVATE_PORT": str(self.private_port)}
        self._command = command
        self._environment = {**os.environ, **{f"ANABRANCH_{key}": value for key, value in values.items()}}
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.peak_bytes = 0

    def keep(self) -> None:
        """Start it, and again whenever it ends, until `stop`."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self.before,
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environment,
                    preexec_fn=die_with_parent,
                )
            self.exits.append(await self._process.wait())
            await asyncio.sleep(_AGAIN_S)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the run of now."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """End it for good; returns the exit code, None if it did not run."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
        if self._process is None or self._process.returncode is not None:
            return None
        self.tell(signal.SIGCONT)
        self.tell(number)
        try:
            return await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise AssertionError(f"{self.name} did not end within 20 s of {number.name}") from None

    def note_memory(self) -> None:
        """Take a look at its memory."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(psutil.Error):
                self.peak_bytes = max(self.peak_bytes, psutil.Process(self._process.pid).memory_info().rss)

    async def ask(self, path: str) -> dict[str, Any] | None:
        """Return what its private port answers, None while it does not."""
        return await asyncio.to_thread(self._ask, path)

    def _ask(self, path: str) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError), _DIRECT.open(f"http://127.0.0.1:{self.private_port}{path}", timeout=2) as answer:
            body: dict[str, Any] = json.load(answer)
            return body
        return None


class WorkerRun(Process):
    """A worker on its own directory."""

    def __init__(self, name: str, kafka: KafkaSettings, folder: Path, **settings: str) -> None:
        self._directory = folder / name
        self.disk: SmallDisk | None = None
        values = {**_environment(kafka), **_QUICK, "WORKER_DIR": str(self._directory), **settings}
        super().__init__(name, [sys.executable, "-c", _RUN.format("streams", "WorkerSettings")], values, folder / f"{name}.log")

    @property
    def directory(self) -> Path:
        """Where its store is."""
        return self._directory if self.disk is None else self.disk.inside

    def lose_disk(self) -> None:
        """Delete its store. The process must not run."""
        for part in self.directory.glob("*"):
            shutil.rmtree(part, ignore_errors=True)
            part.unlink(missing_ok=True)

    async def move_to(self, spare_bytes: int) -> SmallDisk:
        """Put its store on a disk with little room. The process must not run."""
        if self.disk is None:
            self.disk = SmallDisk(self._directory, spare_bytes)
            await self.disk.begin()
            self.before = self.disk.before
        return self.disk


class EdgeRun(Process):
    """An edge on a port that stays its own."""

    def __init__(self, name: str, kafka: KafkaSettings, folder: Path) -> None:
        self.port = free_port()
        values = {**_environment(kafka), "PORT": str(self.port), "DATA": str(folder), "JWT_SECRET": SECRET, "TAIL__DRIFT_EVERY_S": "3"}
        super().__init__(name, [sys.executable, "-c", _RUN.format("api", "EdgeSettings")], values, folder / f"{name}.log")

    @property
    def url(self) -> str:
        """Its public address."""
        return f"http://127.0.0.1:{self.port}"


def _environment(kafka: KafkaSettings) -> dict[str, str]:
    return {"KAFKA__BOOTSTRAP": kafka.bootstrap, "KAFKA__TOPIC_PREFIX": kafka.topic_prefix}
