"""The cycle collector is off while a worker runs, and on again afterwards."""

import asyncio
import gc

from streams.collector import collect


async def test_the_automatic_collector_rests_meanwhile() -> None:
    """A cancelled worker leaves Python as it was."""
    task = asyncio.create_task(collect())
    await asyncio.sleep(0)
    assert not gc.isenabled()
    task.cancel()
    await asyncio.wait([task])
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
