"""Whether Kafka answers: says so once when it stops, and once when it is back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

log = structlog.get_logger("streams.kafka")
_PERIOD_S: Final = 1.0
_PATIENCE_S: Final = 3.0


class KafkaWatch:
    """Asks Kafka for a sign of life about once a second. up_changed: told about each change.

    ask: returns whether Kafka answered; it may also hang or raise.
    """

    def __init__(self, address: str, ask: Callable[[], Awaitable[bool]], up_changed: Callable[[bool], None]) -> None:
        self._address = address
        self._ask = ask
        self._up_changed = up_changed
        self._down_since = 0.0
        self.up = True

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._note(up=await self._answers())
            await asyncio.sleep(_PERIOD_S)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._ask()
        except Exception:  # noqa: BLE001  whatever went wrong, Kafka did not answer
            return False

    def _note(self, *, up: bool) -> None:
        if up == self.up:
            return
        self.up = up
        self._up_changed(up)
        now = asyncio.get_running_loop().time()
        if up:
            log.info("kafka_back", address=self._address, away_s=round(now - self._down_since, 1))
        else:
            self._down_since = now
            log.warning("kafka_unreachable", address=self._address, note="waiting; nothing is lost, work goes on when it is back")
