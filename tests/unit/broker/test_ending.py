"""Clients end in time."""

import asyncio

from broker.ending import end


class Peerless:
    """A client whose peer says nothing."""

    def __init__(self, takes_s: float) -> None:
        self._takes_s = takes_s
        self.stopped = False

    async def stop(self) -> None:
        """Wait for the peer."""
        await asyncio.sleep(self._takes_s)
        self.stopped = True


async def test_a_client_is_not_awaited_for_ever() -> None:
    """One that comes to its end is; the other is left."""
    for takes_s, expected in ((0.0, True), (1e9, False)):
        client = Peerless(takes_s)
        assert (await end(client, 0.05), client.stopped) == (expected, expected)
