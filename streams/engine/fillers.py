"""Processes that fill stores which lack much: on more than one core, and aside from the worker's loop (docs/decisions/0026)."""

import asyncio
import contextlib
import pickle
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from broker.connection import KafkaSettings
from broker.ending import in_time
from broker.lifeline import die_with_parent
from schemas.failure import Failure
from streams.engine.fill import Order, Part, Said

log = structlog.get_logger("streams.store")
_decode_said = msgspec.json.Decoder(Said).decode
_END_S: Final = 1.5
_FEW: Final = 1_000
Lacking = tuple[Part, int]
"""A store and how many records it lacks."""


@dataclass(frozen=True)
class Filling:
    """When stores are filled by processes: together they lack more than so many records. processes: how many at a time; 0 for never."""

    settings: KafkaSettings
    records: int
    processes: int


class Fillers:
    """Fills stores by processes of their own. took: told how many records these took in."""

    def __init__(self, filling: Filling, took: Callable[[int], None]) -> None:
        self._filling = filling
        self._took = took

    def due(self, parts: Sequence[Lacking]) -> list[Lacking]:
        """Return the stores that are worth a process: none where all lack little, else all but those that lack next to nothing."""
        most = self._filling.records
        if not self._filling.processes or sum(lacking for _, lacking in parts) <= most:
            return []
        return [(part, lacking) for part, lacking in parts if lacking > min(most, _FEW)]

    async def fill(self, parts: Sequence[Lacking]) -> None:
        """Fill stores. Nobody may have them open. What is left is for others to restore.

        A process that is lost, or that Kafka kept from its work, leaves more to do and no more. Raises `Failure` for what would end any
        restore. However it ends, also when it is cancelled: no process is left.
        """
        tasks = [asyncio.create_task(self._run(Order(self._filling.settings, share))) for share in deal(parts, self._filling.processes)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _run(self, order: Order) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streams.engine.fill"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            with contextlib.suppress(ConnectionError):  # its exit code tells
                _input(process).write(pickle.dumps(order))
                await _input(process).drain()
            why = await self._heard(process)
            code = await process.wait()
        finally:
            await _end(process)
        if code:
            numbers = [part.partition for part in order.parts]
            log.warning("fill_given_up", partitions=numbers, why=why or f"exit code {code}", note="The worker restores the rest itself.")

    async def _heard(self, process: asyncio.subprocess.Process) -> str:
        """Hear a process out; returns why it gave up."""
        assert process.stdout is not None  # noqa: S101  because it was asked for
        why = ""
        async for line in process.stdout:
            said = _decode_said(line)
            self._took(said.records)
            if said.error:
                raise Failure(f"A store cannot be restored: {said.error}")
            why = said.why
        return why


def deal(parts: Iterable[Lacking], processes: int) -> list[tuple[Part, ...]]:
    """Share parts out among processes so that none has much more to do than another: the largest first, each to who has least."""
    hands: list[list[Part]] = [[] for _ in range(processes)]
    loads = [0] * processes
    for part, lacking in sorted(parts, key=lambda one: (-one[1], one[0].partition)):
        least = loads.index(min(loads))
        hands[least].append(part)
        loads[least] += lacking
    return [tuple(hand) for hand in hands if hand]


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process: the end of its input asks it to close its store; after that it is killed."""
    _input(process).close()
    if not await in_time(process.wait(), _END_S):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _input(process: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    assert process.stdin is not None  # noqa: S101  because it was asked for
    return process.stdin
