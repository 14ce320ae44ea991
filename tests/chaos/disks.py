"""A disk that can be full: a small tmpfs in a mount namespace of its own, which processes enter by a prefix of their command."""

import asyncio
import contextlib
import functools
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.lifeline import die_with_parent

_PROBE: Final = ("unshare", "-rm", "true")
_HOLD: Final = """
mkdir -p "$1" "$2" && mount -t tmpfs -o size="$3" tmpfs "$1" || exit
cp -a "$2/." "$1/" && mount --bind "$1" "$2" && echo there && exec sleep infinity
"""
_FILLER: Final = "filler"
_PAGE: Final = 4096


@functools.cache
def why_none() -> str | None:
    """Return why no small disk can be had here, None if it can."""
    try:
        done = subprocess.run(_PROBE, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"unshare cannot be run: {error}"
    return None if done.returncode == 0 else f"no mount namespaces here: {done.stderr.strip()}"


class SmallDisk:
    """Takes the place of a directory, with what is in it, for those who enter. It lives until `end`."""

    def __init__(self, directory: Path, spare_bytes: int) -> None:
        self._directory = directory
        self._spare = spare_bytes
        self._holder: asyncio.subprocess.Process | None = None

    @property
    def before(self) -> Sequence[str]:
        """What to put in front of a command that shall see it; it runs in the directory above."""
        assert self._holder is not None
        return ("nsenter", "-t", str(self._holder.pid), "-U", "-m", "--preserve-credentials", "--wd")

    async def begin(self) -> None:
        """Make it; nobody may write to the directory meanwhile."""
        self._directory.mkdir(parents=True, exist_ok=True)
        os.sync()  # blocks are counted when they are written; index files are mostly holes
        used = sum(file.lstat().st_blocks * 512 + _PAGE for file in self._directory.rglob("*"))
        mount = self._directory.with_name(f"{self._directory.name}.small")
        command = ("unshare", "-rm", "sh", "-c", _HOLD, "sh", str(mount), str(self._directory), str(used + self._spare))
        self._holder = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._directory.parent,
            preexec_fn=die_with_parent,
        )
        assert self._holder.stdout is not None
        async with asyncio.timeout(30):
            answer = await self._holder.stdout.readline()
        assert answer == b"there\n", answer.decode()

    @property
    def inside(self) -> Path:
        """The directory as those see it who entered."""
        assert self._holder is not None
        return Path(f"/proc/{self._holder.pid}/root{self._directory}")

    def fill(self) -> None:
        """Leave not a byte free."""
        with contextlib.suppress(OSError), (self.inside / _FILLER).open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        continue

    def free(self) -> None:
        """Give the space back."""
        (self.inside / _FILLER).unlink(missing_ok=True)

    async def end(self) -> None:
        """Let it go, once nobody uses it."""
        if self._holder is not None:
            with contextlib.suppress(ProcessLookupError):
                self._holder.kill()
            await self._holder.wait()
