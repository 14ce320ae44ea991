"""Subscriptions to a project's summary: a bus of the SDK that hears of projects from the hub."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from mcp.server.subscriptions import ResourceUpdated, ServerEvent

from api.protocol.access import Action, Members, Principal, authorize
from api.protocol.hub import Hub
from schemas.messages import Outcome

SCHEME: Final = "anabranch://projects/"
SUMMARY: Final = "/summary"
CALLER: Final[ContextVar[Principal | None]] = ContextVar("caller", default=None)
"""Who makes the request that is being served."""


def uri_of(project_id: str) -> str:
    """Return the address of a project's summary."""
    return f"{SCHEME}{project_id}{SUMMARY}"


class ProjectBus:
    """A `SubscriptionBus`: whoever listens is told that a project moved, while it may read it. A `hub.Listener` of every project.

    holds: whether a caller's token is still good; a stream may outlive it.
    """

    def __init__(self, hub: Hub, members: Members, holds: Callable[[Principal], bool]) -> None:
        self._hub = hub
        self._members = members
        self._holds = holds
        self._listeners: dict[object, tuple[Principal, Callable[[ServerEvent], None]]] = {}

    async def publish(self, event: ServerEvent) -> None:
        """Hand an event of the server itself to all who listen."""
        for _, listener in list(self._listeners.values()):
            listener(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Add a listener of the caller that is being served; returns what takes it away. Without a caller it hears nothing."""
        token, caller = object(), CALLER.get()
        if caller is not None:
            if not self._listeners:
                for project_id in self._members.projects():
                    self._hub.watch(project_id, self)
            self._listeners[token] = (caller, listener)
        return lambda: self._forget(token)

    def _forget(self, token: object) -> None:
        if self._listeners.pop(token, None) is not None and not self._listeners:
            for project_id in self._members.projects():
                self._hub.unwatch(project_id, self)

    def appeared(self, project_id: str) -> None:
        """Listen to a project that came into being."""
        if self._listeners:
            self._hub.watch(project_id, self)

    def mark(self, project_id: str) -> None:
        """Tell who may read the project that it moved."""
        event = ResourceUpdated(uri=uri_of(project_id))
        for caller, listener in list(self._listeners.values()):
            if authorize(caller, Action.READ, project_id, self._members) and self._holds(caller):
                listener(event)

    def decided(self, message_id: str, outcome: Outcome) -> None:
        """Take no notice: changes are another's business."""

    def reset(self, project_id: str) -> None:
        """Take no notice: nobody here has a place."""
