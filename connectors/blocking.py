"""The publisher for services without asyncio: the same calls, from any thread. One thread of its own does the work."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from broker.connection import KafkaSettings
from connectors.delivery import Delivery
from connectors.publish import Publisher
from schemas.events import Event
from schemas.messages import Position

_T = TypeVar("_T")


class BlockingPublisher:
    """Sends events; use as `with BlockingPublisher(settings) as publisher`. Threads may share one: their events share batches."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="anabranch-publisher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._publisher = self._wait(self._open())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._wait(self._publisher.__aexit__(kind, error, trace))
        finally:
            self._end()

    def write(self, *events: Event, traceparent: str | None = None) -> list[Delivery]:
        """Send events and return where they lie, once the broker has acknowledged them. All else as `Publisher.write` has it."""
        return self._wait(self._publisher.write(*events, traceparent=traceparent))

    def start(self, *events: Event, traceparent: str | None = None) -> "Future[list[Delivery]]":
        """Send events and return at once; the future has their deliveries, or the `Failure`."""
        return asyncio.run_coroutine_threadsafe(self._publisher.write(*events, traceparent=traceparent), self._loop)

    @property
    def positions(self) -> list[Position]:
        """Per partition that got events: the end of what the broker acknowledged."""
        return self._publisher.positions

    async def _open(self) -> Publisher:
        return await Publisher(self._settings).__aenter__()

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
