"""The long-polls that wait at this edge: who is woken when, and how many one user may have."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from api.protocol.hub import Hub
from schemas.messages import Outcome


class Poll:
    """One waiting call, a listener of the hub. woken: look again. every: it wants projects that appear, too."""

    def __init__(self, hub: Hub, *, every: bool) -> None:
        self.woken = asyncio.Event()
        self.every = every
        self._hub = hub
        self._watched: set[str] = set()

    def watch(self, project_id: str) -> None:
        """Be woken when this stream moves."""
        self._watched.add(project_id)
        self._hub.watch(project_id, self)

    def leave(self) -> None:
        """Be woken no more."""
        for project_id in self._watched:
            self._hub.unwatch(project_id, self)
        self._watched.clear()

    def mark(self, project_id: str) -> None:
        """Wake: a stream moved."""
        if project_id in self._watched:
            self.woken.set()

    def decided(self, message_id: str, outcome: Outcome) -> None:
        """Nothing follows: a poll sends no changes."""

    def reset(self, project_id: str) -> None:
        """Nothing follows: a poll joins nothing, so nothing of it is reset."""


class Polls:
    """All long-polls of this edge."""

    def __init__(self, hub: Hub) -> None:
        self.closing = False
        self._hub = hub
        self._open: set[Poll] = set()
        self._users: Counter[str] = Counter()

    def count(self, user: str) -> int:
        """Return how many calls of a user wait."""
        return self._users[user]

    @contextmanager
    def waiting(self, user: str, *, every: bool) -> Iterator[Poll]:
        """Give a poll that is known here until the block ends."""
        poll = Poll(self._hub, every=every)
        self._open.add(poll)
        self._users[user] += 1
        try:
            yield poll
        finally:
            poll.leave()
            self._open.discard(poll)
            self._users[user] -= 1
            if not self._users[user]:
                del self._users[user]

    def appeared(self) -> None:
        """Wake those who want every project: there is a new one."""
        for poll in self._open:
            if poll.every:
                poll.woken.set()

    def look_again(self) -> None:
        """Wake all: somebody's rights changed, or how old the rows are."""
        for poll in self._open:
            poll.woken.set()

    def close(self) -> None:
        """Wake all for the last time."""
        self.closing = True
        self.look_again()
