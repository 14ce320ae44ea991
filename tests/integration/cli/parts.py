"""Workers and edges as `anabranch` commands, for tests of the commands around them."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from broker.connection import KafkaSettings
from broker.ports import free_port

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60
QUICK = {"ANABRANCH_TIMES__SESSION_MS": "12000", "ANABRANCH_TIMES__HEARTBEAT_MS": "500", "ANABRANCH_TIMES__COMMIT_INTERVAL_MS": "200"}


def environment(kafka: KafkaSettings, **more: str) -> dict[str, str]:
    """Return the environment in which commands use these topics."""
    return {**os.environ, "ANABRANCH_KAFKA__TOPIC_PREFIX": kafka.topic_prefix, **QUICK, **more}


class Running:
    """One `anabranch worker` or `anabranch edge`. url: where an edge's clients connect."""

    def __init__(self, process: asyncio.subprocess.Process, private_port: int, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.private_url = f"http://127.0.0.1:{private_port}"

    async def ready(self) -> None:
        """Wait until it says that it is."""
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client, asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{self.private_url}/readyz")).status_code == httpx.codes.OK:
                        return
                assert self.process.returncode is None
                await asyncio.sleep(0.05)

    async def stop(self) -> int:
        """Ask it to end; returns the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)


@contextlib.asynccontextmanager
async def part(kind: str, kafka: KafkaSettings, data: Path, *more: str, **settings: str) -> AsyncIterator[Running]:
    """Run a worker or an edge on a data directory until the block ends; it is ready when it begins."""
    port, public = free_port(), free_port()
    words = [kind, "--data", str(data), "--kafka", kafka.bootstrap, "--private-port", str(port), *more]
    if kind == "edge" and "--port" not in more:
        words += ["--port", str(public)]
    await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
    with (data / f"{kind}-{port}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.main", *words, cwd=ROOT, stdout=log, stderr=log, env=environment(kafka, **settings)
        )
    running = Running(process, port, public)
    try:
        await running.ready()
        yield running
    finally:
        await running.stop()


async def anabranch(kafka: KafkaSettings, *words: str, **settings: str) -> tuple[int, Any, str]:
    """Run a command with --json; returns its exit code, what it printed, and what it said of trouble."""
    done = await asyncio.to_thread(_run, kafka, words, settings)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr


def _run(kafka: KafkaSettings, words: tuple[str, ...], settings: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cli.main", *words, "--kafka", kafka.bootstrap, "--json"]
    return subprocess.run(command, cwd=ROOT, env=environment(kafka, **settings), capture_output=True, text=True, check=False, timeout=120)
