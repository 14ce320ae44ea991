"""The public keys of an identity provider (JWKS, RFC 7517): one fixed address, asked seldom, by one request at a time."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import httpx
import structlog
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from api.settings import AuthSettings

log = structlog.get_logger()
_MAX_BYTES: Final = 262_144


class Jwks:
    """Keys by name.

    The last good ones hold through an outage of the provider, for `jwks_keep_s`; one that it removed is gone with the next answer.
    An unknown name asks again, at most every `jwks_again_s`, so that made-up names cost the provider nothing.
    """

    def __init__(self, settings: AuthSettings, client: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._known_at: float | None = None
        self._asked_at: float | None = None
        self._asking = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def find(self, key_id: str | None) -> PyJWK | None:
        """Return the key of this name; without a name the only one there is."""
        if self._known_at is None or self._age() > self._settings.jwks_keep_s:
            self._keys = {}
            await self._ask()
        elif self._age() > self._settings.jwks_cache_s:
            self._renew()
        if (key := self._named(key_id)) is None and key_id is not None:
            await self._ask()
            key = self._named(key_id)
        return key

    def _age(self) -> float:
        return self._clock() - (self._known_at or 0.0)

    def _named(self, key_id: str | None) -> PyJWK | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _renew(self) -> None:
        """Ask beside the calls: who waits for a token check must not wait for a slow provider while its keys are known."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        async with self._asking:
            now = self._clock()
            if self._asked_at is not None and now - self._asked_at < self._settings.jwks_again_s:
                return
            self._asked_at = now
            try:
                self._keys = await self._fetched()
            except (httpx.HTTPError, PyJWTError, ValueError) as error:
                log.warning("keys_unavailable", reason=type(error).__name__)
                return
            self._known_at = now
            log.info("keys_read", count=len(self._keys))

    async def _fetched(self) -> dict[str, PyJWK]:
        answer = await self._client.get(str(self._settings.jwks_url), follow_redirects=False)
        answer.raise_for_status()
        if len(answer.content) > _MAX_BYTES:
            raise ValueError("too large")
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError("no set of keys")  # noqa: TRY004  because it is the provider's fault, as the size is
        keys = PyJWKSet.from_dict(found).keys
        return {str(key.key_id): key for key in keys if key.algorithm_name in self._settings.algorithms and key.public_key_use != "enc"}
