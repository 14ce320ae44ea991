"""Child processes that cannot outlive the process that started them."""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
# Loaded before any fork: a library must not be opened in a forked child of a process with threads.
_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PARENT: Final = os.getpid()


def die_with_parent() -> None:
    """Ask the kernel to end this process when the thread that started it ends; for `preexec_fn`, so call it from the main thread.

    SIGKILL, because nobody is left who could notice that a polite request was not followed. Linux only; elsewhere it does nothing.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1 != _PARENT:  # the parent died before the kernel knew whom to watch
        os._exit(1)
