"""Composition root of the worker: makes the parts, runs them, and ends them in order."""

import asyncio
import contextlib
import logging
import signal
import sys
import time
import traceback
from typing import Any, Final

import structlog
import uvloop
from aiokafka import TopicPartition

from broker.connection import client_options
from schemas.failure import Failure, UsageFailure
from streams.agents import faust_app, outlets, topic_names
from streams.directory import claimed, free_ratio
from streams.domain.poison import PoisonLimits
from streams.domain.rules import Rules
from streams.domain.step import flush, slices
from streams.engine.gap import read_gap
from streams.engine.probe import Layout, read_layout
from streams.engine.store import StoreLockedError
from streams.engine.table import Stores
from streams.health import HealthServer
from streams.kit import Kit
from streams.metrics import Meters
from streams.owner import PoisonedError
from streams.owners import Owners, Shares
from streams.settings import WorkerSettings
from streams.supervision import Supervision

log = structlog.get_logger("streams.worker")
FATAL_EXIT: Final = 1


def main(settings: WorkerSettings) -> int:
    """Run a worker until SIGTERM or SIGINT; returns the exit code. Raises `Failure` when it cannot start."""
    _quiet_libraries()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(settings))


async def run(settings: WorkerSettings) -> int:
    """Run a worker in the running loop, see `main`."""
    stop = _stop_signal()
    options = client_options(settings.kafka)
    with claimed(settings.worker_dir):
        layout = await read_layout(settings.kafka, settings.times.start_ms / 1000, mend=True)
        return await Worker(settings, options, layout).run(stop)


class _Fold:
    slices = staticmethod(slices)
    flush = staticmethod(flush)


class Worker:
    """One worker: its parts and their lives."""

    def __init__(self, settings: WorkerSettings, options: dict[str, Any], layout: Layout) -> None:
        self._settings = settings
        self._fatal: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._meters = Meters()
        limits, times = settings.limits, settings.times
        stores = Stores(settings.worker_dir, times.store_horizon_ms, layout.lives, self._fail)
        self._meters.restored.set_function(lambda: stores.restored_records)
        self._meters.rebuilt.set(sum(life.anew for life in layout.lives.values()))
        self._meters.disk_free.set_function(lambda: free_ratio(settings.worker_dir))
        shares = Shares(limits.in_flight_events, limits.in_flight_bytes, limits.cache_rows)
        self._owners = Owners(stores, self._meters, self._fail, shares, times.shutdown_ms / 2000)
        self._app = faust_app(settings, options, layout, self._owners, stores)
        self._owners.kit = self._kit(layout, options)
        self._supervision = Supervision(self._app, topic_names(settings)[0], self._owners, self._meters, self._fail)

    def _kit(self, layout: Layout, options: dict[str, Any]) -> Kit:
        settings = self._settings
        state = topic_names(settings)[2]
        return Kit(
            fold=_Fold,
            rules=Rules(
                window_ms=settings.times.window_ms,
                quiet_ms=settings.times.quiet_ms,
                ai_batch=settings.feature_ai_batch,
                max_message_bytes=settings.limits.message_bytes,
            ),
            sink=lambda: self._app.producer._producer,  # noqa: SLF001  Faust's wrapper adds a queue per message
            outlets=outlets(settings, layout),
            clock=lambda: time.time_ns() // 1_000_000,
            reposition=lambda partition, offset: self._app.consumer.reposition(partition, offset),  # noqa: PLW0108  made at the start
            read_gap=lambda partition, begin, end: read_gap(options, TopicPartition(state, partition), begin, end),
            meters=self._meters,
            step_events=settings.limits.step_events,
            poison=PoisonLimits(settings.limits.poison_consecutive, settings.limits.poison_ratio, settings.limits.poison_ratio_events),
        )

    def _fail(self, error: BaseException) -> None:
        if not self._fatal.done():
            self._fatal.set_result(error)

    async def run(self, stop: asyncio.Event) -> int:
        """Work until `stop` is set or something fails for good; returns the exit code."""
        health = await self._serve_health()
        starting = asyncio.create_task(self._app.start())
        tasks = [asyncio.create_task(self._watch_crash()), starting]
        try:
            await _first(starting, self._fatal, stop)
            if starting.done() and not self._failed(starting):
                log.info("worker_ready", private_port=None if health is None else health.port)
                tasks.append(asyncio.create_task(self._supervise()))
                await _first(self._fatal, stop)
            return await self._end(stop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if health is not None:
                await health.stop()

    def _failed(self, starting: asyncio.Task[None]) -> bool:
        error = starting.exception()
        if error is not None:
            self._fail(error)
        return error is not None

    async def _supervise(self) -> None:
        times = self._settings.times
        try:
            await self._supervision.run(times.stall_ms / 1000, times.session_ms / 1000)
        except Exception as error:  # noqa: BLE001  a blind worker must not go on
            self._fail(error)

    async def _watch_crash(self) -> None:
        await self._app._crashed.wait()  # noqa: SLF001  what Faust's own Worker waits for
        self._fail(self._app.crash_reason or RuntimeError("Faust crashed"))

    async def _serve_health(self) -> HealthServer | None:
        settings = self._settings
        if settings.private_port is None:
            return None
        server = HealthServer(settings.private_host, settings.private_port, self._supervision.state, self._meters.registry)
        try:
            await server.start()
        except OSError as error:
            raise UsageFailure(f"Port {settings.private_port} cannot be used ({error.strerror}): choose another private port.") from None
        return server

    async def _end(self, stop: asyncio.Event) -> int:
        error = self._fatal.result() if self._fatal.done() else None
        if error is not None:
            log.error("worker_failed", error=type(error).__name__, detail=str(error)[:500], at=_where(error))
        else:
            log.info("worker_stopping")
        stop.clear()
        clean = await self._stop_app()
        if error is None and clean:
            log.info("worker_stopped")
        if isinstance(error, PoisonedError):
            raise Failure(
                f"{error} Nothing after them was taken in. See them with `anabranch dlq list`, mend the producer, then start again; "
                "where they are to be passed over, raise ANABRANCH_LIMITS__POISON_CONSECUTIVE or ANABRANCH_LIMITS__POISON_RATIO."
            )
        if isinstance(error, StoreLockedError):
            raise Failure(f"Another worker uses {self._settings.worker_dir}: give each worker its own directory.")
        return 0 if error is None else FATAL_EXIT

    async def _stop_app(self) -> bool:
        if self._fatal.done():
            await self._owners.revoked()  # nothing more may be sent or committed
        try:
            async with asyncio.timeout(self._settings.times.shutdown_ms / 1000):
                await self._app.stop()
        except TimeoutError:
            log.warning("stop_cut_short", after_ms=self._settings.times.shutdown_ms, note="what was not committed is taken in again")
            return False
        return True


def _where(error: BaseException) -> list[str]:
    """Return the innermost frames, without their variables: those hold people's data."""
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _first(*things: asyncio.Future[Any] | asyncio.Event) -> None:
    waits = [asyncio.ensure_future(thing.wait()) if isinstance(thing, asyncio.Event) else thing for thing in things]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for thing, wait in zip(things, waits, strict=True):
        if isinstance(thing, asyncio.Event):
            wait.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await wait


class _OneLine(logging.Formatter):
    """Leaves stack traces out: `worker_failed` names the place."""

    def formatException(self, ei: object) -> str:  # noqa: ARG002, N802  the signature of logging
        return ""


def _quiet_libraries() -> None:
    """Let Faust and aiokafka speak only of errors: an outage is told in one line by `KafkaWatch`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name, level in (("aiokafka", logging.CRITICAL), ("faust", logging.ERROR), ("mode", logging.ERROR)):
        logging.getLogger(name).setLevel(level)
