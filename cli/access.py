"""The access token of a command: the one that it was given, else one made from the instance's secret; and what an edge says to it."""

from collections.abc import Iterable
from pathlib import Path

import httpx

from api.auth import mint
from broker.secrets import jwt_secret


def access(data: Path, given: str | None, user: str, ttl_s: int, projects: Iterable[str] = ("*",), scope: str | None = None) -> str:
    """Return a token. What follows `given` describes the one that is made without it."""
    return given or mint(jwt_secret(data), user, projects, ttl_s, scope)


def refusal(answer: httpx.Response) -> str:
    """Return what an edge answered instead of 200, and what to do where the token is why."""
    try:
        reason = answer.json().get("detail")
    except ValueError:
        reason = None
    todo = ": make a token with `anabranch token` on its data directory." if answer.status_code == httpx.codes.UNAUTHORIZED else "."
    return f"The edge refused ({reason or answer.status_code}){todo}"
