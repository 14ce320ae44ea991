"""Blocking work beside an event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_Result = TypeVar("_Result")


async def in_thread(call: Callable[[], _Result]) -> _Result:
    """Return what the call returns, or raise what it raises. When this is cancelled, nobody waits for the call.

    `asyncio.to_thread` would keep a program that was told to stop until a download has ended.
    """
    done: Future[_Result] = Future()
    threading.Thread(target=_run, args=(call, done), daemon=True).start()
    return await asyncio.wrap_future(done)


def _run(call: Callable[[], _Result], done: "Future[_Result]") -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(call())
    except BaseException as error:  # noqa: BLE001  because it is raised again where it is awaited
        done.set_exception(error)
