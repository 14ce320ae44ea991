"""The provider's keys: asked for seldom, kept through outages, gone when the provider removes them."""

import asyncio
from typing import Any

import httpx

from api.jwks import Jwks
from api.settings import AuthSettings
from tests.unit.api.tokens import jwk

SETTINGS = AuthSettings(jwks_url="https://id.example/certs", jwks_cache_s=300, jwks_again_s=15, jwks_keep_s=3600)


class Provider:
    """A provider whose answer and clock a test sets; counts how often it is asked."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.answer: httpx.Response | Exception = httpx.Response(200, json={"keys": list(keys)})
        self.now = 1000.0
        self.asked = 0
        self.keys = Jwks(SETTINGS, httpx.AsyncClient(transport=httpx.MockTransport(self.handle)), lambda: self.now)

    async def handle(self, _request: httpx.Request) -> httpx.Response:
        """Answer, a turn later."""
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return httpx.Response(self.answer.status_code, content=self.answer.content)

    def serve(self, *keys: dict[str, Any]) -> None:
        """Change the keys."""
        self.answer = httpx.Response(200, json={"keys": list(keys)})

    async def has(self, *names: str | None) -> list[bool]:
        """Return which keys are known."""
        return [await self.keys.find(name) is not None for name in names]


async def test_keys_are_asked_for_once() -> None:
    """By many callers at once; only those that may sign; without a name only where there is one."""
    provider = Provider(jwk("ES256"), jwk("RS256", "e", use="enc"), {"kty": "oct", "k": "AAAA", "kid": "s", "alg": "HS256"})
    found = await asyncio.gather(*(provider.keys.find("k1") for _ in range(20)))
    assert (all(found), provider.asked) == (True, 1)
    assert await provider.has("s", "e", None) == [False, False, True]
    assert provider.asked == 1
    provider.now += 16
    provider.serve(jwk("ES256"), jwk("RS256", "r"))
    assert await provider.has("r", None) == [True, False]


async def test_a_new_key_is_found_and_made_up_names_cost_nothing() -> None:
    """A name that is not known asks again, but not more often than every 15 s."""
    provider = Provider(jwk("ES256"))
    assert await provider.has("k1", "k2") == [True, False]
    provider.serve(jwk("ES256"), jwk("ES256", "k2"))
    assert (await provider.has(*(f"x{number}" for number in range(50))), provider.asked) == ([False] * 50, 1)
    provider.now += 15
    assert (await provider.has("k2"), provider.asked) == ([True], 2)


async def test_a_removed_key_is_gone_with_the_next_answer() -> None:
    """Which is asked for beside the calls when five minutes are over."""
    provider = Provider(jwk("ES256"), jwk("ES256", "k2"))
    assert await provider.has("k1", "k2") == [True, True]
    provider.serve(jwk("ES256", "k2"))
    provider.now += 301
    assert await provider.has("k1") == [True]
    for _ in range(20):
        await asyncio.sleep(0)
    assert await provider.has("k1", "k2") == [False, True]


OUTAGES: tuple[httpx.Response | Exception, ...] = (
    httpx.ConnectError("no"),
    httpx.Response(503),
    *(httpx.Response(200, text=text) for text in ("<html>", "x" * 300_000, "[]", "null", '{"keys": [null]}')),
)


async def test_the_last_good_keys_hold_through_an_outage_but_not_for_ever() -> None:
    """Whatever the outage looks like; before the first answer there are none."""
    for outage in OUTAGES:
        provider = Provider()
        provider.answer = outage
        assert await provider.has("k1") == [False]
        provider.serve(jwk("ES256"))
        provider.now += 15
        assert await provider.has("k1") == [True]
        provider.answer = outage
        for _ in range(4):
            provider.now += 800
            assert await provider.has("k1") == [True]
            await asyncio.sleep(0.001)
        provider.now += 800
        assert await provider.has("k1") == [False]
        provider.serve(jwk("ES256"))
        provider.now += 15
        assert await provider.has("k1") == [True]
