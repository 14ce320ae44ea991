"""Tokens that hold no more although their time is not over: named in a file, which is looked at several times a second.

A line is `jti <token id>`, or `sub <user> [<seconds since 1970>]`: all tokens of a user that were issued until then (without a time:
all). Empty lines and those that begin with `#` say nothing. Edges on several machines share the file as they share any secret.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from api.protocol.access import Principal
from schemas.problems import UNAUTHENTICATED, Problem

log = structlog.get_logger()
_FOR_EVER: Final = 1 << 62
_MAX_DIGITS: Final = 15
"""Of a time in seconds; what is longer is none, and far more could not even be read as a number."""
_REVOKED: Final = Problem(UNAUTHENTICATED, "the token was revoked")


class Revocations:
    """What the file says. Lines that mean nothing are counted and passed over: they must not switch the others off."""

    def __init__(self) -> None:
        self._tokens: set[str] = set()
        self._users: dict[str, int] = {}
        self.wrong = 0

    def load(self, text: str) -> None:
        """Take the place of all that was said before."""
        self._tokens, self._users, self.wrong = set(), {}, 0
        for line in text.splitlines():
            match line.split():
                case []:
                    pass
                case [mark, *_] if mark.startswith("#"):
                    pass
                case ["jti", token_id]:
                    self._tokens.add(token_id)
                case ["sub", user]:
                    self._users[user] = _FOR_EVER
                case ["sub", user, until] if until.isascii() and until.isdigit() and len(until) <= _MAX_DIGITS:
                    self._users[user] = max(self._users.get(user, 0), int(until) * 1000)
                case _:
                    self.wrong += 1

    def refusal(self, principal: Principal) -> Problem | None:
        """Return that the token of a caller was revoked, or None."""
        until = self._users.get(principal.subject, -1)
        return _REVOKED if principal.token_id in self._tokens or principal.issued_ms <= until else None


async def watch(path: Path, revocations: Revocations, every_s: float, changed: Callable[[], None]) -> None:
    """Keep `revocations` as the file is, for ever; `changed` is called after each change. A file that cannot be read changes nothing."""
    known: tuple[int, int, int] | None = None
    while True:
        try:
            found = await asyncio.to_thread(_mark, path)
            if found != known:
                revocations.load("" if found is None else await asyncio.to_thread(path.read_text, "utf-8"))
                known = found
                log.info("revocations_read", wrong_lines=revocations.wrong)
                changed()
        except (OSError, UnicodeError) as error:
            log.warning("revocations_unreadable", reason=type(error).__name__)
        await asyncio.sleep(every_s)


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with the file, or None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
