"""The worker's decisions about the changes of one HTTP call, for callers who wait for them (`Prefer: wait=<seconds>`, RFC 7240)."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from api.protocol.hub import Hub, Waiting
from api.protocol.writes import Write
from schemas.messages import Outcome


class Decision(NamedTuple):
    """applied, rejected (error says why) or duplicate."""

    outcome: str
    error: str | None = None


class Decisions:
    """A listener of the hub. Of changes that share a correlation id only the last one can be told from the others."""

    def __init__(self, hub: Hub, writes: Sequence[Write], until_ms: int) -> None:
        self._hub = hub
        self._found: dict[str, Decision] = {}
        self._waits = bool(writes)
        self._missing = {write.event.id for write in writes}
        self._complete = asyncio.Event()
        for write in writes:
            event = write.event
            waiting = Waiting(self, event.id, event.user_id or "", until_ms)
            hub.await_outcome(event.project_id, event.correlation_id or event.id, waiting)

    def known(self, message_id: str) -> None:
        """Note a change that this edge has written before: nothing more is said of it."""
        self._note(message_id, Decision("duplicate"))

    async def within(self, seconds: float) -> dict[str, Decision]:
        """Return the decisions that came in time, by message id."""
        try:
            async with asyncio.timeout(seconds):
                await self._complete.wait()
        except TimeoutError:
            pass
        return self._found

    def leave(self) -> None:
        """Wait for nothing more."""
        if self._waits:
            self._hub.forget(self)

    def decided(self, message_id: str, outcome: Outcome) -> None:
        """Note what the worker decided."""
        self._note(message_id, Decision(outcome.action, outcome.error if isinstance(outcome.error, str) else None))

    def mark(self, project_id: str) -> None:
        """Nothing follows: a call joins nothing."""

    def reset(self, project_id: str) -> None:
        """Nothing follows either."""

    def _note(self, message_id: str, decision: Decision) -> None:
        self._found[message_id] = decision
        self._missing.discard(message_id)
        if not self._missing:
            self._complete.set()


def preferred_s(header: str | None, most_s: float) -> float:
    """Return for how long a caller prefers to wait; 0 without such a wish, and never more than `most_s`."""
    for part in (header or "").split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "wait" and value.strip().isascii() and value.strip().isdigit():
            return min(most_s, float(value))
    return 0.0
