"""A coroutine that begins at once and not at the next turn of the event loop (what Python 3.12 calls an eager task)."""

import asyncio
import types
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Begun(Generic[T]):
    """A coroutine that has run up to its first wait. Whoever awaits it goes on with it, once.

    done: whether it came to its end without waiting; then `result` is what it returned. Up to its first wait it runs in the task of who
    began it, so it must not set a timeout there: `eager_task` is for those that do.
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
        waits_for = self._waits_for
        while True:
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001  such as a cancel, which the coroutine may take for its timeout
                try:
                    waits_for = self._coroutine.throw(error)
                except StopIteration as end:
                    result: T = end.value
                    return result
            else:
                return (yield from self._coroutine.__await__())


def eager_task(coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Return the task of a coroutine that has run up to its first wait, as that task: a timeout that it has set ends it, not its caller.

    What the coroutine raises is the task's error, also before the first wait.
    """
    first: list[Begun[T] | Exception] = []

    async def whole() -> T:
        [begun] = first
        if isinstance(begun, Exception):
            raise begun
        return begun.result if begun.done else await begun.rest()

    task = asyncio.create_task(whole())
    with _current(task):
        try:
            first.append(Begun(coroutine))
        except Exception as error:  # noqa: BLE001  it is the task's, as of one that begins later
            first.append(error)
    return task


@contextmanager
def _current(task: asyncio.Task[Any]) -> Iterator[None]:
    """Let a task be the current one, as asyncio's documentation has it for those who write tasks of their own."""
    loop, before = task.get_loop(), asyncio.current_task()
    if before is not None:
        asyncio._leave_task(loop, before)  # noqa: SLF001  it is documented
    asyncio._enter_task(loop, task)  # noqa: SLF001  it is documented
    try:
        yield
    finally:
        asyncio._leave_task(loop, task)  # noqa: SLF001  it is documented
        if before is not None:
            asyncio._enter_task(loop, before)  # noqa: SLF001  it is documented
