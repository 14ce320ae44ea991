"""Tokens: made for development, checked always. The algorithm is the key's own, never the one that a token's header asks for (RFC 8725)."""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import jwt

from api.claims import LIMITS, principal_of, segments
from api.protocol.access import Principal
from api.revocations import Revocations
from api.settings import AuthSettings
from schemas.problems import UNAUTHENTICATED, Problem

ISSUER: Final = "anabranch"
AUDIENCE: Final = "anabranch"
DEVELOPMENT: Final = "HS256"
_BEARER: Final = "bearer "
_REQUIRED: Final = ["sub", "exp", "iat", "iss", "aud"]
_INVALID: Final = Problem(UNAUTHENTICATED, "the token is not valid here")


def mint(  # noqa: PLR0913  because each claim is an argument
    secret: str,
    user: str,
    projects: Iterable[str],
    ttl_s: int,
    scope: str | None = None,
    *,
    limits: Mapping[str, Any] | None = None,
    token_id: str | None = None,
) -> str:
    """Return a development token for a user. projects: ids, or `["*"]`. scope: scopes with a space between. limits: `api.claims.LIMITS`."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "sub": user,
        "iat": now,
        "exp": now + ttl_s,
        "iss": ISSUER,
        "aud": AUDIENCE,
        "jti": token_id or str(uuid.uuid4()),
        "projects": list(projects),
    }
    if scope:
        claims["scope"] = scope
    if limits:
        claims[LIMITS] = limits
    return jwt.encode(claims, secret, algorithm=DEVELOPMENT, headers={"typ": "at+jwt"})


class Key(Protocol):
    """What checks a signature, and the only algorithm that it is good for."""

    @property
    def algorithm_name(self) -> str:
        """Return the algorithm's name (RFC 7518)."""

    @property
    def key(self) -> Any:  # noqa: ANN401  because it is the library's own
        """Return the key."""


class Keys(Protocol):
    """The keys of whom we trust."""

    async def find(self, key_id: str | None) -> Key | None:
        """Return the key of this name, or None."""


class Secret:
    """One shared secret: whatever the header names, this is the key."""

    algorithm_name = DEVELOPMENT

    def __init__(self, secret: str) -> None:
        self.key = secret

    async def find(self, key_id: str | None) -> Key | None:
        """Return the secret for tokens that name no key."""
        return self if key_id is None else None


class Verifier:
    """Checks tokens: signature, kind, issuer, audience, times, tenant, and that they were not revoked."""

    def __init__(self, keys: Keys, settings: AuthSettings, revocations: Revocations) -> None:
        self._keys = keys
        self._settings = settings
        self._revocations = revocations

    async def verify(self, token: str | None) -> Principal | Problem:
        """Return who the token speaks for, or that it cannot be used."""
        if not token:
            return Problem(UNAUTHENTICATED, "a token is needed: Authorization: Bearer …")
        read = segments(token)
        if isinstance(read, Problem):
            return read
        key = await self._key(read[0])
        return _INVALID if key is None else self._check(token, key)

    async def _key(self, header: Mapping[str, Any]) -> Key | None:
        """Return the key that a header names; of its other parameters, none is believed and `crit` cannot be met (RFC 7515 4.1.11)."""
        kind, key_id = header.get("typ", "JWT"), header.get("kid")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in self._settings.types or "crit" in header:
            return None
        if key_id is not None and not isinstance(key_id, str):
            return None
        return await self._keys.find(key_id)

    def _check(self, token: str, key: Key) -> Principal | Problem:
        settings = self._settings
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=settings.leeway_s,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            return Problem(UNAUTHENTICATED, "the token has expired")
        except jwt.InvalidTokenError:
            return _INVALID
        if settings.tenant is not None and claims.get(settings.tenant_claim) != settings.tenant:
            return _INVALID
        found = principal_of(claims, settings.projects_claim, settings.scope_claims)
        return found if isinstance(found, Problem) else self._revocations.refusal(found) or found


def bearer(header: str | None) -> str | None:
    """Return the token of an `Authorization` header."""
    if header is None or header[: len(_BEARER)].lower() != _BEARER:
        return None
    return header[len(_BEARER) :].strip() or None


def offered(subprotocols: Sequence[str], prefix: str) -> str | None:
    """Return the token among the subprotocols that a browser offers."""
    return next((name[len(prefix) :] for name in subprotocols if name.startswith(prefix)), None)
