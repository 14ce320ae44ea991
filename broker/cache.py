"""Where this machine keeps what several instances share: jars, the formatted template, class archives."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from schemas.failure import Failure

_WORK: Final = ".work-"

Progress = Callable[[str], None]
"""Told what is being done, in words for a person."""


def no_progress(_what: str) -> None:
    """Show nothing."""


def cache_dir() -> Path:
    """Return the machine's cache directory, `ANABRANCH_CACHE_DIR` or the platform's own place; made on demand."""
    path = Path(os.environ.get("ANABRANCH_CACHE_DIR") or user_cache_path("anabranch"))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"The cache directory {path} cannot be made ({error.strerror}): set ANABRANCH_CACHE_DIR to one that can.") from None
    return path


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Hold the directory against other processes of this machine that prepare the same things; waits for them."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for left in directory.glob(f"{_WORK}*"):  # by a process that was killed: all others wait for the lock
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def work_folder(directory: Path) -> Iterator[Path]:
    """Yield an empty folder inside the directory, from which results are moved into place. Only while `exclusive` is held."""
    with tempfile.TemporaryDirectory(dir=directory, prefix=_WORK) as folder:
        yield Path(folder)
