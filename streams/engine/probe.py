"""What must be true of Kafka before a worker starts: it answers, the topics are there and fit together."""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient

from broker.connection import KafkaSettings, client_options
from broker.reach import reaching
from schemas.failure import Failure
from schemas.topics import CASCADES, DLQ, TASK_CHANGES, TASK_STATE, TOPICS
from streams.engine.lives import Life, read_lives

_RETRY_S: Final = 0.5
_CALL_MS: Final = 10_000


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
    counts = checked(await _patiently(settings, patience_s))
    with reaching(settings):
        lives = await read_lives(settings, counts[TASK_STATE], mend=mend)
    return Layout(counts[TASK_CHANGES], counts[DLQ], lives)


def checked(counts: dict[str, int]) -> dict[str, int]:
    """Return the partition counts when the worker can work with them. Raises `Failure`."""
    missing = [name for name in TOPICS if not counts.get(name)]
    if missing:
        raise Failure(f"Kafka has no topic {', '.join(missing)}: make the topics with `anabranch topics apply`.")
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
            with reaching(settings):
                return await _counts(settings)
        except Failure:
            if loop.time() >= deadline:
                raise
            await asyncio.sleep(_RETRY_S)


async def _counts(settings: KafkaSettings) -> dict[str, int]:
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=_CALL_MS)
    try:
        await admin.start()
        found = await admin.describe_topics([settings.topic(name) for name in TOPICS])
    finally:
        await admin.close()
    sizes = {topic["topic"]: 0 if topic["error_code"] else len(topic["partitions"]) for topic in found}
    return {name: sizes.get(settings.topic(name), 0) for name in TOPICS}
