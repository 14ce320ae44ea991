"""One-time login codes: what a link may carry instead of a token. Kept in the data directory, so that every edge on it takes them."""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

LIFE_S: Final = 600
MAX_CODES: Final = 100


class Grant(Struct, frozen=True):
    """What a code gives: a token for this user. until: when the code ends (seconds since 1970)."""

    user: str
    projects: tuple[str, ...]
    ttl_s: int
    until: float


class LoginCodes:
    """Codes by themselves; each works once and for ten minutes. clock: seconds since 1970.

    A code is a file in the folder, named by its hash: several processes may make and take them. Removing the file is taking the code, and
    only one process can.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock

    def make(self, user: str, projects: list[str], ttl_s: int) -> tuple[str, Grant]:
        """Return a new code and what it gives. Raises `OSError` when the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()
        code = secrets.token_urlsafe(24)
        grant = Grant(user, tuple(projects), ttl_s, self._clock() + LIFE_S)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".code.")  # mkstemp gives mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(grant))
        Path(name).rename(self._path(code))
        return code, grant

    def take(self, code: str) -> Grant | None:
        """Return what the code gives and forget it; None when it is unknown, used or too old."""
        path = self._path(code)
        try:
            grant = msgspec.json.decode(path.read_bytes(), type=Grant)
            path.unlink()
        except (OSError, msgspec.MsgspecError):
            return None
        return grant if grant.until > self._clock() else None

    def _path(self, code: str) -> Path:
        return self._folder / hashlib.sha256(code.encode()).hexdigest()

    def _sweep(self) -> None:
        """Forget codes that ended, and the oldest above the bound."""
        now = self._clock()
        found: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            try:
                found.append((msgspec.json.decode(path.read_bytes(), type=Grant).until, path))
            except (OSError, msgspec.MsgspecError):
                continue  # taken just now, or half written
        found.sort()
        for number, (until, path) in enumerate(found):
            if until <= now or number <= len(found) - MAX_CODES:
                path.unlink(missing_ok=True)
