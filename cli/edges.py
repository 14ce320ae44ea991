"""Several edges of one machine behind one port, each a process with a replica of its own."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

from cli.child import Child, Plan


async def run_edges(plans: list[Plan], tell: Callable[[str], None]) -> None:
    """Keep all of them running until SIGINT or SIGTERM, then end them together. Raises `Failure` when one refuses its arguments."""
    children = [Child(plan, tell) for plan in plans]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    running = [asyncio.create_task(child.run()) for child in children]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await asyncio.gather(*(child.stop() for child in children))
        for task in (stopping, *running):
            task.cancel()
        await asyncio.gather(stopping, *running, return_exceptions=True)
