"""Python's cycle collector, kept off the hot path.

A worker holds very many rows, all without cycles; the collector would walk them again and again (a third of a step's time).
So it runs by hand: young objects often, and what survives is set aside; all of them rarely.
"""

import asyncio
import gc
from typing import Final

_YOUNG_S: Final = 0.25  # the pause grows with what was made since: a second's worth is felt by 1 change in 200
_ALL_EVERY: Final = 14_400


async def collect() -> None:
    """Collect until cancelled; the automatic collector is off meanwhile."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for turn in range(1, 1 << 62):
            await asyncio.sleep(_YOUNG_S)
            if turn % _ALL_EVERY == 0:
                gc.unfreeze()
                gc.collect()
            else:
                gc.collect(0)
            gc.freeze()
    finally:
        gc.enable()
        gc.unfreeze()
