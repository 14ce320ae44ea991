"""Lines of events from a file or a pipe into `task-changes`. A line that is refused stops nothing."""

import asyncio
import os
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import msgspec
from msgspec import Struct

from broker.connection import KafkaSettings
from connectors.lines import Lines, Refusal, judge
from connectors.publish import Publisher
from schemas.events import Event
from schemas.messages import Position

MAX_LISTED: Final = 1000
_CHUNK_BYTES: Final = 256 * 1024
_PAUSE_S: Final = 0.02

Tell = Callable[[Refusal], None]


class Outcome(Struct):
    """What became of the lines. `refusals` lists the first 1000; `refused` counts all; `positions` are ends, acknowledged."""

    events: int = 0
    refused: int = 0
    refusals: list[Refusal] = msgspec.field(default_factory=list)
    positions: list[Position] = msgspec.field(default_factory=list)


async def publish(descriptor: int, settings: KafkaSettings, tell: Tell, traceparent: str | None = None) -> Outcome:
    """Send the events of an open file until it ends; what a pipe has given is acknowledged before more is awaited."""
    outcome = Outcome()
    async with Publisher(settings) as publisher:
        async for chunk in _chunks(descriptor, publisher.flush):
            await publisher.send(chunk_events(chunk, outcome, tell), traceparent)
    outcome.positions = publisher.positions
    return outcome


async def validate(descriptor: int, tell: Tell) -> Outcome:
    """Judge the lines of an open file until it ends; needs no Kafka."""
    outcome = Outcome()
    async for chunk in _chunks(descriptor, None):
        chunk_events(chunk, outcome, tell)
    return outcome


def chunk_events(lines: list[tuple[int, bytes]], outcome: Outcome, tell: Tell) -> list[Event]:
    """Return the events of numbered lines; count them, and tell what is refused."""
    events: list[Event] = []
    for number, line in lines:
        found = judge(number, line)
        if isinstance(found, Event):
            events.append(found)
            continue
        outcome.refused += 1
        if len(outcome.refusals) < MAX_LISTED:
            outcome.refusals.append(found)
        tell(found)
    outcome.events += len(events)
    return events


async def _chunks(descriptor: int, idle: Callable[[], Awaitable[None]] | None) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Yield the lines of one read after the other. Never blocks the loop on a pipe, so that Ctrl-C ends it at once."""
    lines = Lines()
    while True:
        if not select.select([descriptor], [], [], 0)[0]:
            if idle is not None:
                await idle()
            while not select.select([descriptor], [], [], 0)[0]:  # noqa: ASYNC110  because no event tells that a file has bytes
                await asyncio.sleep(_PAUSE_S)
        chunk = os.read(descriptor, _CHUNK_BYTES)
        yield lines.feed(chunk)
        if not chunk:
            return
