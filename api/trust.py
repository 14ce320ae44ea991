"""Whom this edge trusts, from its settings: its own secret in development, an identity provider's keys in production."""

from pathlib import Path
from typing import NamedTuple

import httpx

from api.auth import Secret, Verifier
from api.jwks import Jwks
from api.now import now_ms
from api.protocol.access import Principal
from api.revocations import Revocations
from api.settings import EdgeSettings
from broker.secrets import jwt_secret


class Trust(NamedTuple):
    """secret: what this edge signs tokens with, None when others sign them. revoked: the file that `revocations` follows."""

    verifier: Verifier
    secret: str | None
    revocations: Revocations
    revoked: Path
    provider: httpx.AsyncClient | None

    def holds(self, principal: Principal) -> bool:
        """Return whether the token of a caller that was let in is still good."""
        return now_ms() < principal.expires_ms and self.revocations.refusal(principal) is None


def trust_of(settings: EdgeSettings) -> Trust:
    """Return it. Raises `Failure` when the secret of the data directory cannot be used."""
    auth, revocations = settings.auth, Revocations()
    revoked = auth.revoked_file or settings.data / "revoked"
    if auth.jwks_url is not None:
        provider = httpx.AsyncClient(timeout=auth.jwks_timeout_s)
        return Trust(Verifier(Jwks(auth, provider), auth, revocations), None, revocations, revoked, provider)
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else jwt_secret(settings.data)
    return Trust(Verifier(Secret(secret), auth, revocations), secret, revocations, revoked, None)
