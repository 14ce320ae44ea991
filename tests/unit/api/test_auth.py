"""Tokens: what is taken, and the corpus of what is not (RFC 8725)."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from api.auth import Secret, Verifier, bearer, mint, offered
from api.claims import MAX_TOKEN_BYTES
from api.protocol.access import Action, Grants, Principal
from api.revocations import Revocations
from api.settings import AuthSettings
from schemas.problems import Problem
from tests.unit.api.tokens import GOOD, ISSUER, by_hand, confused, jwk, key, part, pem, sign

SECRET = "s" * 64
PRODUCTION = AuthSettings(jwks_url="https://id.example/certs", issuer=ISSUER)
OWN = GOOD | {"iss": "anabranch", "aud": "anabranch"}


class Known:
    """The provider's keys, as they are."""

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """Return one of two keys."""
        names = {"k1": "ES256", "r1": "RS256"}
        return jwt.PyJWK(jwk(names[key_id])) if key_id in names else None


def provider(settings: AuthSettings = PRODUCTION, revocations: Revocations | None = None) -> Verifier:
    """Return a verifier that trusts the provider."""
    return Verifier(Known(), settings, revocations or Revocations())


def own(revocations: Revocations | None = None) -> Verifier:
    """Return a verifier that trusts the secret."""
    return Verifier(Secret(SECRET), AuthSettings(), revocations or Revocations())


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256", **header: object) -> str:
    """Return a token signed with a secret, with times that hold unless the claims say otherwise."""
    now = int(time.time())
    return jwt.encode({"iat": now, "exp": now + 60} | claims, secret, algorithm=algorithm, headers=header)


async def test_a_minted_token_speaks_for_its_user() -> None:
    """With its projects, scopes, times and name."""
    principal = await own().verify(mint(SECRET, "u", ["p", "q"], 60, "admin source"))
    assert isinstance(principal, Principal)
    assert (principal.subject, principal.projects, principal.scopes) == ("u", frozenset({"p", "q"}), frozenset({"admin", "source"}))
    assert principal.expires_ms - principal.issued_ms == 60_000
    assert principal.expires_ms > time.time() * 1000
    assert principal.token_id


@pytest.mark.parametrize(("algorithm", "kid"), [("ES256", "k1"), ("RS256", "r1")])
async def test_a_provider_s_token_speaks_for_its_user(algorithm: str, kid: str) -> None:
    """Signed by either kind of key, with the claims as Keycloak writes them or by RFC 9068."""
    for kind in ("JWT", "at+jwt", "application/at+jwt"):
        principal = await provider().verify(sign(algorithm, {"kid": kid, "typ": kind}, scope="openid profile", aud="anabranch"))
        assert isinstance(principal, Principal)
        assert (principal.subject, principal.projects, principal.token_id) == ("u", frozenset(), "t-1")
        assert principal.scopes == frozenset({"openid", "profile"})


LIMITS = {"entities": ["task"], "branches": ["b"], "session": "run-1", "source": "mcp-ai"}


@pytest.mark.parametrize(
    ("scope", "actions"),
    [
        ("openid read write", set(Action)),
        ("tasks:read", {Action.READ}),
        ("tasks:claim", {Action.READ, Action.CLAIM}),
        ("tasks:claim tasks:write", {Action.READ, Action.CLAIM, Action.WRITE}),
        ("admin tasks:read", {Action.READ}),
        ("tasks:manage", set(Action)),
        ("tasks:writ", set()),
    ],
)
async def test_a_token_may_be_narrowed(scope: str, actions: set[Action]) -> None:
    """By scopes of ours, and by limits; a scope that looks like one of them and is none gives nothing."""
    principal = await provider().verify(sign(scope=scope, limits=LIMITS))
    assert isinstance(principal, Principal)
    assert principal.grants == Grants(frozenset(actions), frozenset({"task"}), frozenset({"b"}), "run-1", "mcp-ai")


NOW = int(time.time())
OTHER_USE = GOOD | {"typ": "", "token_use": "id", "iat": NOW, "exp": NOW + 600}
TWICE = json.dumps(GOOD | {"iat": NOW, "exp": NOW + 600})[:-1] + ', "sub": "admin"}'
FORGED: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "empty": lambda: "",
    "text": lambda: "nonsense",
    "two parts": lambda: "a.b",
    "dots": lambda: "...",
    "no base64": lambda: "ä.b.c",
    "no objects": lambda: by_hand([], []),
    "deep": lambda: by_hand("[" * 1500, GOOD),
    "huge": lambda: "x" * (MAX_TOKEN_BYTES + 1),
    "alg none": lambda: f"{part({'alg': 'none', 'kid': 'k1'})}.{part(GOOD | {'iat': NOW, 'exp': NOW + 600})}.",
    "alg None": lambda: f"{part({'alg': 'None', 'typ': 'JWT', 'kid': 'k1'})}.{part(GOOD | {'iat': NOW, 'exp': NOW + 600})}.",
    "public key as secret, EC": lambda: confused("ES256"),
    "public key as secret, RSA": lambda: confused("RS256"),
    "another's key": lambda: sign(signer=key("ES256", "other")),
    "the other key's name": lambda: sign("RS256", {"kid": "k1"}),
    "unknown key": lambda: sign(header={"kid": "k9"}),
    "path as key": lambda: sign(header={"kid": "../../dev/null"}),
    "query as key": lambda: sign(header={"kid": "k1' OR '1'='1"}),
    "number as key": lambda: by_hand({"alg": "ES256", "kid": 1}, GOOD | {"iat": NOW, "exp": NOW + 600}),
    "own key in the header": lambda: sign(header={"kid": "k9", "jwk": jwk("ES256", "other")}, signer=key("ES256", "other")),
    "address of keys in the header": lambda: sign(header={"kid": "k9", "jku": "https://evil.example/keys"}, signer=key("ES256", "other")),
    "critical extension": lambda: sign(header={"crit": ["exp"]}),
    "wrong type": lambda: sign(header={"typ": "logout+jwt"}),
    "no text as type": lambda: by_hand({"alg": "ES256", "kid": "k1", "typ": 1}, GOOD | {"iat": NOW, "exp": NOW + 600}),
    "name twice": lambda: by_hand({"alg": "ES256", "kid": "k1"}, TWICE),
    "id token of Keycloak": lambda: sign(typ="ID"),
    "id token": lambda: sign(typ=None, at_hash="x"),
    "refresh token": lambda: sign(typ="Refresh"),
    "id token of Cognito": lambda: by_hand({"alg": "ES256", "kid": "k1"}, OTHER_USE),
    "expired": lambda: sign(exp=NOW - 3600),
    "not yet": lambda: sign(nbf=NOW + 3600),
    "issued later": lambda: sign(iat=NOW + 3600, exp=NOW + 7200),
    "end as text": lambda: by_hand({"alg": "ES256", "kid": "k1"}, GOOD | {"iat": NOW, "exp": "never"}),
    "endless": lambda: sign(exp=None),
    "other issuer": lambda: sign(iss="https://id.example/realms/other"),
    "other audience": lambda: sign(aud="another"),
    "no audience": lambda: sign(aud=None),
    "nobody": lambda: sign(sub=None),
    "empty sub": lambda: sign(sub=""),
    "long sub": lambda: sign(sub="x" * 129),
    "sub with a line": lambda: sign(sub="a\nb"),
    "no text as sub": lambda: by_hand({"alg": "ES256", "kid": "k1"}, GOOD | {"sub": 7, "iat": NOW, "exp": NOW + 600}),
    "scope of numbers": lambda: sign(scope=[1]),
    "scope as an object": lambda: sign(scope={}),
    "projects as text": lambda: sign(projects="p"),
    "projects as numbers": lambda: sign(projects=[1]),
    "limits as text": lambda: sign(limits="branches"),
    "limits without any": lambda: sign(limits={}),
    "limits of an unknown name": lambda: sign(limits={"branch": ["b"]}),
    "limits to no branch": lambda: sign(limits={"branches": []}),
    "limits to a text": lambda: sign(limits={"branches": "b"}),
    "limits to no entity of ours": lambda: sign(limits={"entities": ["everything"]}),
    "limits to an empty session": lambda: sign(limits={"session": ""}),
    "limits to a source that is none": lambda: sign(limits={"source": "boss"}),
    "too many branches": lambda: sign(limits={"branches": ["b"] * 65}),
    "changed": lambda: ".".join((sign().split(".")[0], part(GOOD | {"sub": "admin", "iat": NOW, "exp": NOW + 600}), sign().split(".")[2])),
    "signed with the public key's text": lambda: signed(GOOD, pem("ES256").decode().replace("-", "x")),
}


@pytest.mark.parametrize("name", FORGED)
async def test_what_cannot_be_trusted_is_a_problem(name: str) -> None:
    """Whatever a header or a claim says, from a provider's key or from nobody's."""
    found = await provider().verify(FORGED[name]())
    assert isinstance(found, Problem)
    assert found.type.code == "unauthenticated"


@pytest.mark.parametrize(
    "token",
    [
        signed(OWN, "t" * 64),
        signed(OWN, algorithm="HS384"),
        signed(OWN, algorithm="HS512", kid="HS512"),
        signed(OWN, kid="k1"),
        signed(OWN | {"exp": 1}),
        signed(OWN | {"iss": ISSUER}),
        signed(OWN | {"aud": "other"}),
        jwt.encode(OWN | {"iat": 0, "exp": 1 << 40}, "", algorithm="none"),
        sign(iss="anabranch", aud="anabranch"),
    ],
)
async def test_a_secret_takes_only_what_it_signed(token: str) -> None:
    """With its own algorithm; no public key is taken beside it."""
    assert isinstance(await own().verify(token), Problem)


async def test_clocks_may_differ_a_little() -> None:
    """By the leeway and not more, at the end and at the beginning."""
    taken = [await provider().verify(token) for token in (sign(exp=int(time.time()) - 2), sign(nbf=int(time.time()) + 5))]
    assert all(isinstance(found, Principal) for found in taken)
    strict = provider(PRODUCTION.model_copy(update={"leeway_s": 0}))
    assert isinstance(await strict.verify(sign(exp=NOW - 2)), Problem)


async def test_claims_may_stand_elsewhere_and_a_tenant_may_be_asked_for() -> None:
    """By settings: roles of a realm as scopes, projects inside another claim; a token of another tenant is none."""
    settings = PRODUCTION.model_copy(
        update={"scope_claims": ("scope", "realm_access.roles"), "projects_claim": "work.projects", "tenant": "acme", "tenant_claim": "org"}
    )
    token = sign(realm_access={"roles": ["source"]}, scope="openid", work={"projects": ["p"]}, org="acme")
    principal = await provider(settings).verify(token)
    assert isinstance(principal, Principal)
    assert (principal.scopes, principal.projects) == (frozenset({"openid", "source"}), frozenset({"p"}))
    for org in ("other", None):
        assert isinstance(await provider(settings).verify(sign(org=org)), Problem)


REVOKED = {"jti t-1": False, "jti t-2": True, "sub u": False, "sub u 1": True, f"sub u {NOW + 999}": False, "sub v": True}


async def test_a_revoked_token_holds_no_more() -> None:
    """By its id, or all of a user that were issued until then; others hold on."""
    revocations = Revocations()
    verifier = provider(revocations=revocations)
    for text, holds in REVOKED.items():
        revocations.load(text)
        assert isinstance(await verifier.verify(sign()), Principal) is holds


def test_tokens_are_found_where_they_may_be() -> None:
    """In the header, or among the subprotocols; nowhere else."""
    assert [bearer(header) for header in (None, "Basic x", "Bearer ", "bearer t", "Bearer  t ")] == [None, None, None, "t", "t"]
    assert offered(["summary.v2", "bearer.a.b.c"], "bearer.") == "a.b.c"
    assert offered(["summary.v2"], "bearer.") is None
