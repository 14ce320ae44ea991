"""A coroutine begins at once, and goes on where it waited."""

import asyncio

import pytest

from streams.eager import Begun, eager_task


async def _work(told: list[str], gate: asyncio.Future[str] | None) -> str:
    told.append("began")
    try:
        return "at once" if gate is None else await gate
    finally:
        told.append("ended")


async def _broken() -> None:
    raise ValueError("at once")


async def test_what_waits_for_nothing_is_done() -> None:
    """Before anybody awaits it."""
    told: list[str] = []
    begun = Begun(_work(told, None))
    assert begun.done
    assert begun.result == "at once"
    assert told == ["began", "ended"]


async def test_the_rest_goes_on_behind_the_first_wait() -> None:
    """It has begun when it is made, and its result is that of the whole."""
    told: list[str] = []
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    begun = Begun(_work(told, gate))
    assert not begun.done
    assert told == ["began"]
    rest = asyncio.create_task(begun.rest())
    gate.set_result("later")
    assert await rest == "later"
    assert told == ["began", "ended"]


async def test_an_error_behind_the_first_wait_is_raised() -> None:
    """As if the coroutine itself had been awaited; one before it is raised where it begins."""
    told: list[str] = []
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    begun = Begun(_work(told, gate))
    gate.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await begun.rest()
    assert told == ["began", "ended"]
    with pytest.raises(ValueError, match="at once"):
        Begun(_broken())


async def test_a_cancelled_rest_ends_the_coroutine() -> None:
    """Its `finally` runs."""
    told: list[str] = []
    begun = Begun(_work(told, asyncio.get_running_loop().create_future()))
    rest = asyncio.create_task(begun.rest())
    await asyncio.sleep(0)
    rest.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rest
    assert told == ["began", "ended"]


async def test_a_rest_may_live_on_after_a_cancel() -> None:
    """One that takes the cancel for its own affair goes on, and may be cancelled again."""
    told: list[str] = []

    async def stubborn() -> str:
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told.append("went on")
        await asyncio.sleep(0)
        return "done"

    rest = asyncio.create_task(Begun(stubborn()).rest())
    for _ in range(2):
        await asyncio.sleep(0)
        rest.cancel()
    assert await rest == "done"
    assert told == ["went on", "went on"]


async def test_a_task_begins_at_once() -> None:
    """And goes on by itself."""
    told: list[str] = []
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = eager_task(_work(told, gate))
    assert told == ["began"]
    gate.set_result("later")
    assert await task == "later"
    assert await eager_task(_work(told, None)) == "at once"


async def test_a_timeout_ends_the_task_that_set_it() -> None:
    """Not the one that began it, although that one ran it up to there."""

    async def hasty() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    me = asyncio.current_task()
    task = eager_task(hasty())
    assert asyncio.current_task() is me
    with pytest.raises(TimeoutError):
        await task


async def test_a_tasks_error_is_its_own() -> None:
    """Whoever begins it goes on, also if it fails before it waits."""
    task = eager_task(_broken())
    with pytest.raises(ValueError, match="at once"):
        await task


async def test_a_task_may_begin_outside_of_any() -> None:
    """From a callback of the loop there is no current task to go back to."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Task[str]] = loop.create_future()
    loop.call_soon(lambda: made.set_result(eager_task(_work([], None))))
    assert await (await made) == "at once"
