"""The access token of a command: the one that it was given, else one made from the instance's secret."""

from collections.abc import Iterable
from pathlib import Path

from api.auth import mint
from broker.secrets import jwt_secret


def access(data: Path, given: str | None, user: str, ttl_s: int, projects: Iterable[str] = ("*",), scope: str | None = None) -> str:
    """Return a token. What follows `given` describes the one that is made without it."""
    return given or mint(jwt_secret(data), user, projects, ttl_s, scope)
