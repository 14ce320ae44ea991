"""How busy an edge in this process is, and the processes that read beside it."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import psutil

T = TypeVar("T")


def readers() -> list[psutil.Process]:
    """Return the processes that read beside this one."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # one that was killed may be there still
            found += [child] if "anyio.to_process" in child.cmdline() else []
    return found


def each(act: Callable[[psutil.Process], None]) -> None:
    """Do something to every one of them."""
    for reader in readers():
        with suppress(psutil.Error):
            act(reader)


def aside_s() -> float:
    """Return for how long they were busy."""
    times = [reader.cpu_times() for reader in readers()]
    return sum(one.user + one.system for one in times)


async def timed(call: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """Return an answer and for how long this thread was busy with it."""
    began = time.thread_time()
    answer = await call()
    return answer, time.thread_time() - began
