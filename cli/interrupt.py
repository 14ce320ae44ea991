"""Work that ends when a person or a supervisor says so."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


async def until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run until the work ends, or until SIGINT or SIGTERM: then it is cancelled, and that is no error."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
