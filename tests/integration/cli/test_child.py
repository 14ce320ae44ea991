"""A child process is kept alive, and ends with its parent's word."""

import asyncio
from pathlib import Path

import pytest

from cli.child import Child, Plan
from schemas.failure import Failure


async def test_refused_arguments_end_the_watch(tmp_path: Path) -> None:
    """A child that refuses its arguments is not started again: its last line is the reason."""
    child = Child(Plan("worker", ("no-such-command",), tmp_path / "log"), print)
    with pytest.raises(Failure, match="worker cannot start"):
        await child.run()


async def test_a_dead_child_is_started_again(tmp_path: Path) -> None:
    """A child that dies is started again, and the person is told."""
    told: asyncio.Queue[str] = asyncio.Queue()
    child = Child(Plan("tail", ("tail", "p", "--url", "http://127.0.0.1:9", "--token", "x"), tmp_path / "log"), told.put_nowait)
    watch = asyncio.create_task(child.run())
    await told.get()
    sentence = await told.get()
    await child.stop()
    await asyncio.wait_for(watch, 10)
    assert "started again" in sentence
    assert child.pid is None
