"""Tokens: what is taken, and the corpus of what is not."""

import time
from typing import Any

import jwt
import pytest

from api.auth import MAX_TOKEN_BYTES, Verifier, bearer, mint, offered
from api.protocol.access import Principal
from schemas.problems import Problem

SECRET = "s" * 64
GOOD: dict[str, Any] = {"sub": "u", "iss": "anabranch", "aud": "anabranch", "projects": ["p"]}


def sign(claims: dict[str, Any], key: str = SECRET, algorithm: str = "HS256") -> str:
    """Return a token with times that hold unless the claims say otherwise."""
    now = int(time.time())
    return jwt.encode({"iat": now, "exp": now + 60} | claims, key, algorithm=algorithm)


def test_a_minted_token_speaks_for_its_user() -> None:
    """With its projects, scopes and end."""
    principal = Verifier(SECRET).verify(mint(SECRET, "u", ["p", "q"], 60, "admin source"))
    assert isinstance(principal, Principal)
    assert (principal.subject, principal.projects, principal.scopes) == ("u", frozenset({"p", "q"}), frozenset({"admin", "source"}))
    assert principal.expires_ms > time.time() * 1000


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "nonsense",
        "x" * (MAX_TOKEN_BYTES + 1),
        sign(GOOD, key="t" * 64),
        sign(GOOD, algorithm="HS384"),
        jwt.encode(GOOD | {"iat": 0, "exp": 1 << 40}, "", algorithm="none"),
        sign(GOOD | {"exp": 1}),
        sign(GOOD | {"iss": "other"}),
        sign(GOOD | {"aud": "other"}),
        sign(GOOD | {"nbf": 1 << 40}),
        sign({"sub": "u", "iss": "anabranch"}),
        sign({"iss": "anabranch", "aud": "anabranch"}),
        sign(GOOD | {"sub": ""}),
        sign(GOOD | {"sub": "x" * 129}),
        sign(GOOD | {"scope": ["admin"]}),
        sign(GOOD | {"projects": "p"}),
        sign(GOOD | {"projects": [1]}),
    ],
)
def test_what_cannot_be_trusted_is_a_problem(token: str | None) -> None:
    """Whatever a header or a claim says."""
    found = Verifier(SECRET).verify(token)
    assert isinstance(found, Problem)
    assert found.type.code == "unauthenticated"


def test_tokens_are_found_where_they_may_be() -> None:
    """In the header, or among the subprotocols; nowhere else."""
    assert [bearer(header) for header in (None, "Basic x", "Bearer ", "bearer t", "Bearer  t ")] == [None, None, None, "t", "t"]
    assert offered(["summary.v2", "bearer.a.b.c"], "bearer.") == "a.b.c"
    assert offered(["summary.v2"], "bearer.") is None
