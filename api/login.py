"""One-time login codes: what a link may carry instead of a token. In memory: a restart forgets them."""

import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

LIFE_S: Final = 600
MAX_CODES: Final = 1000


class Grant(NamedTuple):
    """What a code gives: a token for this user. until: when the code ends (seconds since 1970)."""

    user: str
    projects: tuple[str, ...]
    ttl_s: int
    until: float


class LoginCodes:
    """Codes by themselves; each works once and for ten minutes. clock: seconds since 1970."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def make(self, user: str, projects: list[str], ttl_s: int) -> tuple[str, Grant]:
        """Return a new code and what it gives."""
        now = self._clock()
        self._grants = {code: grant for code, grant in list(self._grants.items())[-MAX_CODES + 1 :] if grant.until > now}
        code = secrets.token_urlsafe(24)
        grant = self._grants[code] = Grant(user, tuple(projects), ttl_s, now + LIFE_S)
        return code, grant

    def take(self, code: str) -> Grant | None:
        """Return what the code gives and forget it; None when it is unknown, used or too old."""
        grant = self._grants.pop(code, None)
        return grant if grant is not None and grant.until > self._clock() else None
