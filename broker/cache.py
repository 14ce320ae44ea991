"""Where this machine keeps what several instances share: jars, the formatted template, class archives."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from schemas.failure import Failure

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
        yield
