"""Keys and tokens for tests: a provider that signs, and everything that a forger may try."""

import base64
import hashlib
import hmac
import json
import time
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Signer = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
ISSUER: Final = "https://id.example/realms/r"
GOOD: Final[dict[str, Any]] = {"sub": "u", "iss": ISSUER, "aud": ["account", "anabranch"], "jti": "t-1", "typ": "Bearer", "azp": "page"}


def key(algorithm: str, name: str = "k1") -> Any:  # noqa: ANN401  because the two kinds have no common type with all methods
    """Return a private key, always the same for a name."""
    return _made(algorithm, name)


@cache
def _made(algorithm: str, _name: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    return rsa.generate_private_key(65_537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())


def jwk(algorithm: str, name: str = "k1", **fields: str) -> dict[str, Any]:
    """Return the public key as a provider gives it."""
    kind = jwt.algorithms.RSAAlgorithm if algorithm == "RS256" else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key(algorithm, name).public_key(), as_dict=True), "kid": name, "use": "sig", "alg": algorithm} | fields


def pem(algorithm: str) -> bytes:
    """Return the public key as text."""
    public: bytes = key(algorithm).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


def sign(algorithm: str = "ES256", header: dict[str, Any] | None = None, signer: Signer | None = None, **claims: object) -> str:
    """Return a token that holds, unless the claims or the header say otherwise; a claim that is None is left out."""
    now = int(time.time())
    made = {name: value for name, value in (GOOD | {"iat": now, "exp": now + 60} | claims).items() if value is not None}
    return jwt.encode(made, signer or key(algorithm), algorithm=algorithm, headers={"kid": "k1", "typ": "JWT"} | (header or {}))


def part(value: object) -> str:
    """Return a value as a segment; text is taken as JSON that is written already."""
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def by_hand(header: object, claims: object, signer: ec.EllipticCurvePrivateKey | None = None) -> str:
    """Return a token of any text, signed with the EC key: what a library would not write."""
    signed = f"{part(header)}.{part(claims)}"
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signed.encode(), signer or key("ES256"))
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def confused(algorithm: str) -> str:
    """Return a token signed with the public key as if it were a shared secret (CVE-2015-9235)."""
    now = int(time.time())
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(GOOD | {'iat': now, 'exp': now + 60})}"
    signature = hmac.new(pem(algorithm), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
