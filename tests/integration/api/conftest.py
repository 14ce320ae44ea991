"""Fixtures for tests of a running edge: a tiny worker on its own topics, and edges that are ready."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from api.app import run
from api.settings import EdgeSettings
from broker.connection import KafkaSettings, client_options
from cli.refold import Refold
from tests.integration.api.harness import PATIENCE_S, SECRET, RunningEdge, StartEdge, TinyWorker, until_ready


@pytest_asyncio.fixture
async def worker(topics: KafkaSettings) -> AsyncIterator[TinyWorker]:
    """Give a test a tiny worker on its own topics, which have an epoch already."""
    producer = AIOKafkaProducer(acks="all", linger_ms=0, **client_options(topics))
    await producer.start()
    try:
        tiny = TinyWorker(producer, topics)
        await tiny.begin()
        yield tiny
    finally:
        await producer.stop()


@pytest_asyncio.fixture
async def start_edge(topics: KafkaSettings, tmp_path: Path) -> AsyncIterator[StartEdge]:
    """Give a test a way to start edges that are ready; they end with it."""
    edges: list[RunningEdge] = []

    async def start(web_dir: Path | None = None, **settings: Any) -> RunningEdge:  # noqa: ANN401  because they are of all types
        listening: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        fixed: dict[str, Any] = {"kafka": topics, "port": 0, "data": tmp_path, "web_dir": web_dir or tmp_path / "none"}
        often = {"bulk_calls": 1_000_000, "stranger_tries": 1_000_000}  # tests ask until they see what they wait for
        settings["http"] = often | {"position_wait_s": PATIENCE_S} | settings.get("http", {})
        settings["limits"] = {"subscribe_ms": PATIENCE_S * 1000} | settings.get("limits", {})
        chosen = EdgeSettings(**{"jwt_secret": SecretStr(SECRET)} | fixed | settings)
        done = asyncio.create_task(
            run(chosen, begin=Refold, stop=stop, listening=lambda url, private: listening.set_result((url, private)))
        )
        done.add_done_callback(lambda task: _failed(task, listening))
        edge = RunningEdge(*await listening, stop, done)
        edges.append(edge)
        await until_ready(edge)
        return edge

    yield start
    for edge in edges:
        edge.stop.set()
    for edge in edges:
        if not edge.done.done():  # a test that lets an edge fail looks at it itself
            await edge.done


@pytest_asyncio.fixture
async def edge(worker: TinyWorker, start_edge: StartEdge) -> RunningEdge:
    """Give a test one edge that is ready, on topics that have an epoch."""
    await worker.producer.flush()
    return await start_edge()


def _failed(task: "asyncio.Task[None]", listening: "asyncio.Future[tuple[str, str]]") -> None:
    """Let who waits for an edge that could not start know why."""
    if not listening.done():
        listening.set_exception(task.exception() or RuntimeError("the edge ended"))
