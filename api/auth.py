"""Tokens: made for development, checked always. One fixed algorithm, never the one that a token's header asks for (RFC 8725)."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import jwt

from api.protocol.access import Principal
from schemas.problems import UNAUTHENTICATED, Problem
from schemas.topics import MAX_ID_CHARS

ISSUER: Final = "anabranch"
AUDIENCE: Final = "anabranch"
ALGORITHMS: Final = ("HS256",)
LEEWAY_S: Final = 10
MAX_TOKEN_BYTES: Final = 4096
"""A header line of a WebSocket handshake has at most 8 192 bytes."""
_BEARER: Final = "bearer "
_REQUIRED: Final = ["sub", "exp", "iat", "iss", "aud"]


def mint(secret: str, user: str, projects: Iterable[str], ttl_s: int, scope: str | None = None) -> str:
    """Return a development token for a user. projects: ids, or `["*"]`. scope: `admin`, `source`, or both with a space between."""
    now = int(time.time())
    claims: dict[str, Any] = {"sub": user, "iat": now, "exp": now + ttl_s, "iss": ISSUER, "aud": AUDIENCE, "projects": list(projects)}
    if scope:
        claims["scope"] = scope
    return jwt.encode(claims, secret, algorithm=ALGORITHMS[0])


class Verifier:
    """Checks tokens signed with the development secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def verify(self, token: str | None) -> Principal | Problem:
        """Return who the token speaks for, or that it cannot be used."""
        if not token:
            return Problem(UNAUTHENTICATED, "a token is needed: Authorization: Bearer …")
        if len(token) > MAX_TOKEN_BYTES:
            return Problem(UNAUTHENTICATED, f"a token has at most {MAX_TOKEN_BYTES} bytes")
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=list(ALGORITHMS),
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY_S,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            return Problem(UNAUTHENTICATED, "the token has expired")
        except jwt.InvalidTokenError:
            return Problem(UNAUTHENTICATED, "the token is not valid here")
        return _principal(claims)


def _principal(claims: dict[str, Any]) -> Principal | Problem:
    subject, projects, scope = claims["sub"], claims.get("projects", []), claims.get("scope", "")
    if not (0 < len(subject) <= MAX_ID_CHARS) or not isinstance(scope, str):
        return Problem(UNAUTHENTICATED, "the token's sub or scope cannot be used")
    if not isinstance(projects, list) or not all(isinstance(project_id, str) for project_id in projects):
        return Problem(UNAUTHENTICATED, "the token's projects are no list of ids")
    return Principal(subject, frozenset(projects), frozenset(scope.split()), int(claims["exp"]) * 1000)


def bearer(header: str | None) -> str | None:
    """Return the token of an `Authorization` header."""
    if header is None or header[: len(_BEARER)].lower() != _BEARER:
        return None
    return header[len(_BEARER) :].strip() or None


def offered(subprotocols: Sequence[str], prefix: str) -> str | None:
    """Return the token among the subprotocols that a browser offers."""
    return next((name[len(prefix) :] for name in subprotocols if name.startswith(prefix)), None)
