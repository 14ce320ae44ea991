"""One joined stream of one connection, and what the fan-out needs to know of whoever joined it."""

from collections.abc import Callable
from typing import Protocol

from api.protocol.tail import Tail
from schemas.frames import Since


class Outlet(Protocol):
    """The driver of a connection, as the pure side sees it."""

    def wake(self) -> None:
        """Note that something is due: ask for it (`Session.due`) soon."""

    def write(self, tail: Tail) -> None:
        """Send these frames, without waiting."""

    def abort(self) -> None:
        """End at once."""


class Receiver(Protocol):
    """A connection as the fan-out sees it. prompt: nothing else is due to it, and its socket takes more. write: its outlet's."""

    outlet: Outlet
    prompt: bool
    sent_ms: int
    write: Callable[[Tail], None]

    def lag(self, project_id: str) -> None:
        """Note that a joined stream has something new; it will be asked for anyway, and is told of no more until then."""

    def mark(self, project_id: str) -> None:
        """Note that a joined stream has something new, and see that it is asked for."""


class Join:
    """cursor: index into the ring; None: a snapshot is due. A join that is ahead of the edge waits with its `since`, until a time."""

    __slots__ = ("cursor", "project_id", "receiver", "since", "until_ms")

    def __init__(self, project_id: str, receiver: Receiver) -> None:
        self.project_id = project_id
        self.receiver = receiver
        self.cursor: int | None = None
        self.since: Since | None = None
        self.until_ms = 0
