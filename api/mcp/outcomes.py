"""Waits for what the worker decides about one change."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from api.edge import Edge, now_ms
from api.protocol.hub import Waiting
from api.protocol.writes import Write
from schemas.messages import Outcome


class Decision:
    """A `hub.Listener` for one change. `done` gets the worker's answer."""

    def __init__(self) -> None:
        self.done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def mark(self, project_id: str) -> None:
        """Take no notice: streams are another's business."""

    def reset(self, project_id: str) -> None:
        """Take no notice: see `mark`."""

    def decided(self, message_id: str, outcome: Outcome) -> None:  # noqa: ARG002  one change, one message
        """Note the answer."""
        if not self.done.done():
            self.done.set_result(outcome)


@contextmanager
def deciding(edge: Edge, write: Write) -> Iterator[Decision]:
    """Listen for the answer to a change from before it is written, so that none is missed."""
    event, decision = write.event, Decision()
    until = now_ms() + edge.settings.limits.waiting_ms
    edge.hub.await_outcome(event.project_id, event.correlation_id or event.id, Waiting(decision, event.id, event.user_id or "", until))
    try:
        yield decision
    finally:
        edge.hub.forget(decision)
