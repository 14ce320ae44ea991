"""From the claims of a checked token to who calls: what a token says, and which tokens are no access tokens."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from api.protocol.access import ALL, SCOPE_PREFIX, SCOPES, Action, Grants, Principal
from schemas.problems import UNAUTHENTICATED, Problem
from schemas.topics import MAX_ID_CHARS
from schemas.words import ENTITIES, Source

MAX_TOKEN_BYTES: Final = 4096
"""A header line of a WebSocket handshake has at most 8 192 bytes."""
LIMITS: Final = "limits"
"""Claim of a narrowed token: `entities` and `branches` that it may write, `session` and `source` of its events."""
Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]
Names = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=64)]
_SEGMENTS: Final = 3
_OTHER_USES: Final = frozenset({"id", "refresh", "offline", "logout", "initial_access_token"})
"""What Keycloak's claim `typ` and Cognito's `token_use` call tokens that grant no access."""
_ID_TOKEN_CLAIMS: Final = frozenset({"at_hash", "c_hash", "s_hash"})
"""Claims of id tokens only (OpenID Connect Core section 3.1.3.6)."""


def segments(token: str) -> tuple[dict[str, Any], dict[str, Any]] | Problem:
    """Return header and claims as they are written, unchecked, or why the text is no token.

    Names that come twice are refused: parsers differ in which of them they take (RFC 8725 section 2.4).
    """
    if len(token) > MAX_TOKEN_BYTES:
        return Problem(UNAUTHENTICATED, f"a token has at most {MAX_TOKEN_BYTES} bytes")
    parts = token.split(".")
    if len(parts) != _SEGMENTS:
        return Problem(UNAUTHENTICATED, "this is no signed token")
    try:
        header, claims = (json.loads(_bytes(part), object_pairs_hook=_unique) for part in parts[:2])
    except (ValueError, RecursionError, binascii.Error):
        return Problem(UNAUTHENTICATED, "the token cannot be read")
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return Problem(UNAUTHENTICATED, "the token cannot be read")
    return header, claims


def _bytes(segment: str) -> bytes:
    return base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def principal_of(claims: Mapping[str, Any], projects_claim: str, scope_claims: tuple[str, ...]) -> Principal | Problem:
    """Return who calls. Claims are named by path (`realm_access.roles`); scopes are a text with spaces (RFC 9068) or a list."""
    if _is_other(claims):
        return Problem(UNAUTHENTICATED, "this is no access token")
    subject, projects = claims["sub"], _at(claims, projects_claim)
    if not (isinstance(subject, str) and 0 < len(subject) <= MAX_ID_CHARS and subject.isprintable()):
        return Problem(UNAUTHENTICATED, "the token's sub cannot be used")
    if projects is None:
        projects = []
    if not isinstance(projects, list) or not all(isinstance(project_id, str) for project_id in projects):
        return Problem(UNAUTHENTICATED, "the token's projects are no list of ids")
    scopes: set[str] = set()
    for name in scope_claims:
        found = _words(_at(claims, name))
        if found is None:
            return Problem(UNAUTHENTICATED, f"the token's {name} cannot be used")
        scopes |= found
    grants = _grants(scopes, claims.get(LIMITS))
    if grants is None:
        return Problem(UNAUTHENTICATED, f"the token's {LIMITS} cannot be used")
    issued, token_id = claims["iat"], claims.get("jti")
    return Principal(
        subject,
        frozenset(projects),
        frozenset(scopes),
        int(claims["exp"]) * 1000,
        int(issued) * 1000,
        token_id if isinstance(token_id, str) else "",
        grants,
    )


class _Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """The claim that narrows a token. A name that is not known here is refused: a limit must not be overlooked."""

    entities: Names = ()
    branches: Names = ()
    session: Id | None = None
    source: Source | None = None


def _grants(scopes: set[str], limits: object) -> Grants | None:
    """Return what a token grants at most; None for limits that are none."""
    try:
        found = msgspec.convert({} if limits is None else limits, _Limits)
    except msgspec.ValidationError:
        return None
    if (limits is not None and not limits) or not set(found.entities) <= set(ENTITIES):
        return None
    named = scopes & SCOPES.keys()
    narrow = any(scope.startswith(SCOPE_PREFIX) for scope in scopes)
    actions = frozenset[Action]().union(*(SCOPES[scope] for scope in named)) if narrow else ALL.actions
    return Grants(actions, frozenset(found.entities), frozenset(found.branches), found.session or "", found.source or "")


def _is_other(claims: Mapping[str, Any]) -> bool:
    uses = {str(claims.get(name, "")).lower() for name in ("typ", "token_use")}
    return bool(uses & _OTHER_USES) or not _ID_TOKEN_CLAIMS.isdisjoint(claims)


def _at(claims: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  because a claim may hold anything
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _words(value: object) -> set[str] | None:
    if value is None:
        return set()
    if isinstance(value, str):
        return set(value.split())
    return set(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else None
