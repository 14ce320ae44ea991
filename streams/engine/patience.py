"""Questions to Kafka that are asked again while it is away: aiokafka gives some of them up after half a minute."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiokafka.errors import KafkaTimeoutError

_PAUSE_S: Final = 0.5
_Answer = TypeVar("_Answer")


async def patiently(ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """Return the answer, however often it must be asked for; whoever no longer wants it cancels this."""
    while True:
        try:
            return await ask()
        except KafkaTimeoutError:
            await asyncio.sleep(_PAUSE_S)
