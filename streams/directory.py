"""One directory per worker: claimed for as long as the process lives, whatever ends it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.failure import UsageFailure


@contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Hold a worker's directory, making it when needed. Raises `UsageFailure` when it cannot be written or another worker has it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / ".lock").open("w")
    except OSError as error:
        raise UsageFailure(f"The worker cannot write to {directory} ({error.strerror}): choose another directory.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageFailure(f"Another worker uses {directory}: give each worker its own directory with --worker-dir.") from None
        yield


def free_ratio(directory: Path) -> float:
    """Return which part of the disk under a directory is free, 0 to 1."""
    usage = shutil.disk_usage(directory)
    return usage.free / usage.total
