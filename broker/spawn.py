"""How a broker is started: in a session of its own, and ended by the kernel with the thread that started it."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from broker.launch import broker_environment
from broker.lifeline import die_with_parent


async def spawn(command: Sequence[str], folder: Path, log: IO[bytes], keep: Sequence[int] = ()) -> asyncio.subprocess.Process:
    """Start a broker in the folder of its properties; what it says goes into `log`. keep: descriptors that it holds, too.

    A terminal's Ctrl-C must not reach it before worker and edge are done with it: so its session is its own.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=folder,
        env=broker_environment(os.environ),
        pass_fds=keep,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
