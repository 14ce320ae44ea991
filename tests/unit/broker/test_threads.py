"""Laws of blocking work beside an event loop."""

import asyncio
import threading

import pytest

from broker.threads import in_thread


async def test_result_and_error_come_back() -> None:
    """The caller gets what the call gave."""
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


def test_cancelled_call_holds_nobody_up() -> None:
    """A program that is told to stop ends while the call still runs, and the late result bothers nobody."""
    started, go = threading.Event(), threading.Event()

    def call() -> None:
        started.set()
        go.wait(30)

    async def main() -> None:
        task = asyncio.ensure_future(in_thread(call))
        await asyncio.to_thread(started.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not go.is_set()
    go.set()
