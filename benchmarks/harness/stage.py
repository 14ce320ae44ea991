"""The stage of a benchmark: an embedded Kafka with settings for production, topics of its own, and the processes under test."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from broker.admin import apply_topics
from broker.connection import KafkaSettings, client_options
from broker.embedded import EmbeddedKafka
from broker.ports import free_port


@contextlib.asynccontextmanager
async def stage() -> AsyncIterator[tuple[KafkaSettings, Path]]:
    """Yield a fresh Kafka and an empty folder; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-") as folder:
        path = Path(folder)
        async with EmbeddedKafka(path / "kafka", production=True) as kafka:
            yield KafkaSettings(bootstrap=kafka.bootstrap), path


async def fresh_topics(settings: KafkaSettings, prefix: str) -> KafkaSettings:
    """Return the same Kafka with topics under a new prefix."""
    own = settings.model_copy(update={"topic_prefix": prefix})
    await apply_topics(own, profile="dev")
    return own


async def plain_topics(settings: KafkaSettings, names: list[str], partitions: int) -> None:
    """Make topics as Kafka makes them by default."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    finally:
        await admin.close()


@contextlib.asynccontextmanager
async def producing(settings: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    """Yield an idempotent producer without linger."""
    producer = AIOKafkaProducer(**client_options(settings), acks="all", enable_idempotence=True, max_batch_size=256 * 1024)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@contextlib.asynccontextmanager
async def process(
    arguments: list[str], log: Path, environment: dict[str, str] | None = None, program: str = sys.executable
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a Python module or another program for as long as the context lasts."""
    with log.open("ab") as output:
        child = await asyncio.create_subprocess_exec(
            program, *arguments, stdout=output, stderr=output, env={**os.environ, **(environment or {})}
        )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), 20)
            except TimeoutError:
                child.kill()
                await child.wait()


@contextlib.asynccontextmanager
async def part(
    name: str, settings: KafkaSettings, folder: Path, *more: str, environment: dict[str, str] | None = None
) -> AsyncIterator[str]:
    """Run `anabranch worker` or `edge` and yield its private address once it is ready."""
    port = free_port()
    arguments = ["-m", "cli.main", name, "--data", str(folder), "--kafka", settings.bootstrap, "--private-port", str(port), *more]
    own = {"ANABRANCH_KAFKA__TOPIC_PREFIX": settings.topic_prefix} | (environment or {})
    async with process(arguments, folder / f"{name}.log", own) as child:
        await _ready(f"http://127.0.0.1:{port}", child, folder / f"{name}.log")
        yield f"http://127.0.0.1:{port}"


async def _ready(url: str, child: asyncio.subprocess.Process, log: Path) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            if child.returncode is not None:
                raise RuntimeError(f"ended with {child.returncode}: {log.read_text()[-2000:]}")
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.05)
