"""A process that fills stores from `task-state` and ends: `python -m streams.engine.fill`, started by `fillers` (docs/decisions/0026).

Its order comes pickled through standard input, because it has secrets in it. What it says on standard output is one JSON line for each
stretch of work. It ends early, with whole stores, when its input ends: then whoever started it wants no more, or is gone.
"""

import asyncio
import gc
import pickle
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from broker.connection import KafkaSettings, client_options
from broker.ending import running
from schemas.failure import Failure
from schemas.topics import TASK_STATE
from streams.engine.lean import drain, position
from streams.engine.restore import Restorer
from streams.engine.store import PartitionStore

_FETCH_BYTES: Final = 4 * 1024 * 1024
_PATIENCE_S: Final = 10.0
_SAY_S: Final = 0.25
GAVE_UP: Final = 75
"""Exit code of one that Kafka kept from its work (sysexits' EX_TEMPFAIL)."""


class Part(NamedTuple):
    """A store to fill: its partition and folder, and the end of `task-state` up to which it is filled at least."""

    partition: int
    path: Path
    end: int


class Order(NamedTuple):
    """What one process does, one part after the other: each takes memory while it is filled."""

    settings: KafkaSettings
    parts: tuple[Part, ...]


class Said(msgspec.Struct, omit_defaults=True):
    """One line. records: taken in since the last one. why: it gives up here. error: a store cannot be filled, by nobody."""

    records: int = 0
    why: str = ""
    error: str = ""


def main() -> int:
    """Do what standard input asks for; returns the exit code."""
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301  written by the worker that started this process
    gc.set_threshold(50_000)  # rows have no cycles
    try:
        uvloop.run(_run(order))
    except (KafkaError, Failure, OSError) as error:
        _say(Said(why=f"{type(error).__name__}: {error}"))
        return GAVE_UP
    except Exception as error:  # noqa: BLE001  told to the worker, which ends by it
        _say(Said(error=f"{type(error).__name__}: {error}"))
        return 1
    return 0


async def _run(order: Order) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    teller = _Teller()
    for part in order.parts:
        store = PartitionStore(part.path, filling=True)
        try:
            await fill(order.settings, part, store, teller.took, ended)
        finally:
            store.close()
    teller.say()


async def fill(settings: KafkaSettings, part: Part, store: PartitionStore, took: Callable[[int], None], ended: asyncio.Event) -> None:
    """Bring a store up to its part's end; earlier when `ended` is set or Kafka is silent for long. took: told of records taken in.

    Raises `KafkaError`, also where the topic no longer has what the store lacks; and what a store raises.
    """
    tp = TopicPartition(settings.topic(TASK_STATE), part.partition)
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    consumer.assign([tp])
    restorer = Restorer(part.partition, store.mark, store.get)
    async with running(consumer):
        consumer.seek(tp, restorer.end)
        while position(consumer, tp) < part.end and not ended.is_set():
            records = await drain(consumer, tp, _PATIENCE_S)
            if not records:
                return
            store.apply(restorer.feed(records, time.time_ns() // 1_000_000))
            took(len(records))


class _Teller:
    """Says now and then how much was taken in."""

    def __init__(self) -> None:
        self._records = 0
        self._said = 0.0

    def took(self, records: int) -> None:
        self._records += records
        if time.monotonic() - self._said >= _SAY_S:
            self.say()

    def say(self) -> None:
        _say(Said(self._records))
        self._records, self._said = 0, time.monotonic()


def _say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
