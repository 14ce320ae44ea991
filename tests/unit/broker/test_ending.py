"""Clients end in time."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from broker.ending import end, in_time, producing

_LONG_S = 1e9


class Peerless:
    """A client whose peer says nothing."""

    def __init__(self, takes_s: float) -> None:
        self._takes_s = takes_s
        self.stopped = False

    async def stop(self) -> None:
        """Wait for the peer."""
        await asyncio.sleep(self._takes_s)
        self.stopped = True


class Undelivered(Peerless):
    """A producer with a batch that nobody takes."""

    def __init__(self) -> None:
        super().__init__(_LONG_S)
        self.closed = False
        self.client = SimpleNamespace(close=self._close)
        self._sender = SimpleNamespace(sender_task=None)

    async def start(self) -> None:
        """Send for ever."""
        self._sender.sender_task = asyncio.create_task(asyncio.sleep(_LONG_S))

    async def _close(self) -> None:
        self.closed = True

    @property
    def sending(self) -> "asyncio.Task[None]":
        """What still tries."""
        task: asyncio.Task[None] = self._sender.sender_task
        return task


async def test_a_client_is_not_awaited_for_ever() -> None:
    """One that comes to its end is; the other is left."""
    for takes_s, expected in ((0.0, True), (_LONG_S, False)):
        client = Peerless(takes_s)
        assert (await end(client, 0.05), client.stopped) == (expected, expected)


async def test_what_goes_wrong_at_the_end_is_raised() -> None:
    """It is not taken for an end in time."""

    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await in_time(fail())


async def test_a_cancel_is_not_lost_on_an_end() -> None:
    """Whoever waits for it is cancelled, and what was to end is, too."""
    client = Peerless(_LONG_S)
    ending = asyncio.create_task(end(client, _LONG_S))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.wait([ending])
    assert (ending.cancelled(), client.stopped) == (True, False)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_whoever_is_cancelled_ends_its_clients_all_the_same() -> None:
    """To the last line of its own end."""
    said: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.sleep(_LONG_S)
        finally:
            said.append(await end(Peerless(_LONG_S), 0.05))

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    working.cancel()
    await asyncio.wait([working])
    assert (said, working.cancelled()) == ([False], True)


@pytest.mark.parametrize("fault", [None, LookupError, TimeoutError])
async def test_a_producer_gives_up_what_nobody_takes(fault: type[Exception] | None) -> None:
    """Whatever its user does; what the user raises is what comes out."""
    producer: Any = Undelivered()

    async def use() -> None:
        async with producing(producer) as given:
            assert given is producer
            if fault is not None:
                raise fault

    (outcome,) = await asyncio.gather(use(), return_exceptions=True)
    assert (type(outcome) if outcome else None) is fault
    await asyncio.wait([producer.sending])
    assert producer.sending.cancelled()
    assert producer.closed
