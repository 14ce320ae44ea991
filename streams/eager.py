"""A coroutine that begins at once and not at the next turn of the event loop (what Python 3.12 calls an eager task)."""

import types
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Begun(Generic[T]):
    """A coroutine that has run up to its first wait. Whoever awaits it goes on with it, once.

    done: whether it came to its end without waiting; then `result` is what it returned. Up to its first wait it runs in the task of who
    began it, so it must not set a timeout there.
    """

    __slots__ = ("_coroutine", "_waits_for", "done", "result")

    result: T

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        """Run it. Raises what it raises before it waits for anything."""
        self._coroutine = coroutine
        self.done = False
        try:
            self._waits_for = coroutine.send(None)
        except StopIteration as end:
            self.done = True
            self.result = end.value

    @types.coroutine
    def rest(self) -> Generator[Any, Any, T]:
        """Do the rest of one that is not done."""
        try:
            yield self._waits_for
        except BaseException:
            self._coroutine.close()
            raise
        return (yield from self._coroutine.__await__())
