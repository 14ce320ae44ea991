"""What must be true of Kafka before a worker starts: it answers, the topics are there and fit together."""

import asyncio
from dataclasses import dataclass
from typing import Final

from broker.connection import KafkaSettings
from broker.layout import missing, partition_counts
from broker.reach import reaching
from schemas.failure import Failure, Refused
from schemas.topics import CASCADES, DLQ, TASK_CHANGES, TASK_STATE, TOPICS
from streams.engine.lives import Life, read_lives

_RETRY_S: Final = 0.5


@dataclass(frozen=True)
class Layout:
    """Partitions of the log and of the dead letters; the life of the rows per partition."""

    partitions: int
    dead_partitions: int
    lives: dict[int, Life]


async def read_layout(settings: KafkaSettings, patience_s: float, *, mend: bool = False) -> Layout:
    """Return how the topics are laid out, waiting up to `patience_s` for Kafka. mend: begin again where rows were cut off.

    Raises `Failure` when Kafka doesn't answer, topics are missing or don't fit together, or rows are lost that cannot be made anew.
    """
    counts = checked(await _patiently(settings, patience_s), settings)
    async with reaching(settings):
        lives = await read_lives(settings, mend=mend)
    return Layout(counts[TASK_CHANGES], counts[DLQ], lives)


def checked(counts: dict[str, int], settings: KafkaSettings) -> dict[str, int]:
    """Return the partition counts when the worker can work with them. Raises `Failure`."""
    absent = [name for name in TOPICS if not counts.get(name)]
    if absent:
        raise Failure(f"Kafka {missing(settings, ', '.join(absent))}")
    alike = {name: counts[name] for name in (TASK_CHANGES, CASCADES, TASK_STATE)}
    if len(set(alike.values())) > 1:
        shown = ", ".join(f"{name} {count}" for name, count in alike.items())
        raise Failure(f"The topics must have equally many partitions, but have {shown}: see `anabranch topics plan`.")
    return counts


async def _patiently(settings: KafkaSettings, patience_s: float) -> dict[str, int]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    while True:
        try:
            return await partition_counts(settings)
        except Failure as failure:
            if loop.time() >= deadline or isinstance(failure, Refused):
                raise
            await asyncio.sleep(_RETRY_S)
