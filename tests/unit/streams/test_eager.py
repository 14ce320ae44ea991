"""A coroutine begins at once, and goes on where it waited."""

import asyncio

import pytest

from streams.eager import Begun


async def _work(told: list[str], gate: asyncio.Future[str] | None) -> str:
    told.append("began")
    try:
        return "at once" if gate is None else await gate
    finally:
        told.append("ended")


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

    async def broken() -> None:
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        Begun(broken())


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
