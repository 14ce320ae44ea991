"""One child process of a running instance: started, watched, started again when it dies."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker.ending import in_time
from broker.lifeline import die_with_parent
from schemas.failure import Failure

RESTART_PAUSES_S: Final = (0.2, 1.0, 2.0, 5.0)
STABLE_S: Final = 30.0
USAGE_EXIT: Final = 2


@dataclass(frozen=True)
class Plan:
    """What to run: `anabranch` arguments, where its output goes, how long it may take to stop (seconds).

    environment: what its environment has besides ours.
    """

    name: str
    arguments: tuple[str, ...]
    log: Path
    grace_s: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict)


class Child:
    """Keeps one planned process alive until `stop`; `tell` gets one sentence for each thing a person should know."""

    def __init__(self, plan: Plan, tell: Callable[[str], None]) -> None:
        self.plan = plan
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The pid of the process that runs now."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        """Start the process, and again whenever it dies. Raises `Failure` when it refuses its arguments."""
        attempt = 0
        while not self._stopping:
            clock = asyncio.get_running_loop().time
            started = clock()
            code = await self._once()
            if self._stopping:
                return
            if code == USAGE_EXIT:
                raise Failure(f"The {self.plan.name} cannot start: {self.last_line()}")
            attempt = 0 if clock() - started > STABLE_S else attempt
            pause = RESTART_PAUSES_S[min(attempt, len(RESTART_PAUSES_S) - 1)]
            attempt += 1
            self._tell(f"The {self.plan.name} ended ({_how(code)}); it is started again. Its log: {self.plan.log}")
            await asyncio.sleep(pause)

    async def _once(self) -> int:
        self.plan.log.parent.mkdir(parents=True, exist_ok=True)
        with self.plan.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "cli.main",
                *self.plan.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.plan.environment},
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask the process to end; after its grace, end it."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        if not await in_time(process.wait(), self.plan.grace_s):
            self._tell(f"The {self.plan.name} did not stop within {self.plan.grace_s:g} s and was ended.")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def last_line(self) -> str:
        """Return the last line that the process wrote."""
        try:
            lines = self.plan.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
