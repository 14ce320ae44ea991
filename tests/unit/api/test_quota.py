"""How often a user may call, and what becomes of it without the store."""

import pytest
from limits.aio.storage import MemoryStorage

from api.problems import Refusal
from api.protocol.access import Principal
from api.quota import MEMORY, Calls, Quota, Strangers, store_of
from schemas.failure import UsageFailure

USER, OTHER, ADMIN = Principal("u", frozenset()), Principal("v", frozenset()), Principal("a", frozenset(), frozenset({"admin"}))


class Broken(MemoryStorage):
    """A store that does not answer."""

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Fail as a connection does."""
        raise ConnectionError(key, limit, expiry, amount)


async def left(quota: Quota, principal: Principal, calls: int) -> list[str]:
    """Return what the headers of so many calls say."""
    return [(await quota.take(principal)).get("RateLimit", "").split(";t=")[0] for _ in range(calls)]


@pytest.mark.parametrize("store", [Calls, MemoryStorage, Broken])
async def test_each_user_has_its_own_calls(store: type[MemoryStorage]) -> None:
    """The one above is refused, with when to come back; others are not touched by it; an outage of the store stops nobody."""
    quota = Quota(store(), 3, 60)
    assert await left(quota, USER, 3) == ['"bulk";r=2', '"bulk";r=1', '"bulk";r=0']
    with pytest.raises(Refusal) as caught:
        await quota.take(USER)
    assert (caught.value.problem.type.code, caught.value.headers["RateLimit-Policy"]) == ("rate", '"bulk";q=3;w=60')
    assert 0 < (caught.value.problem.retry_after_ms or 0) <= 61_000
    assert await left(quota, OTHER, 1) == ['"bulk";r=2']
    assert await left(quota, ADMIN, 9) == [""] * 9


@pytest.mark.parametrize("store", [Calls, MemoryStorage])
async def test_calls_come_back(store: type[MemoryStorage]) -> None:
    """When the window is over."""
    quota = Quota(store(), 1, 1)
    await quota.take(USER)
    while True:
        try:
            await quota.take(USER)
        except Refusal:
            continue
        return


@pytest.mark.parametrize("address", ["memory://", "async+nothing://", "nonsense", ""])
async def test_a_store_that_cannot_be_used_is_named(address: str) -> None:
    """In a sentence that shows what can."""
    with pytest.raises(UsageFailure, match=r"async\+memory"):
        store_of(address)
    assert isinstance(store_of(MEMORY), Calls)


async def test_each_address_has_its_own_tries() -> None:
    """One that changes within its own network of IPv6 is still the same; names of sockets count as they are.

    One of IPv4 is itself also where a socket takes both kinds and shows it as one of IPv6 (RFC 4291 section 2.5.5.2).
    """
    strangers = Strangers(Calls(), 2, 60)
    pairs = (
        ("10.0.0.1", "::ffff:10.0.0.1"),
        ("::ffff:10.0.0.3", "::ffff:10.0.0.3"),
        ("2001:db8::1", "2001:db8::beef:1"),
        ("/run/socket", "/run/socket"),
        (None, None),
    )
    for one, same in pairs:
        assert [await strangers.turn_away(one), await strangers.turn_away(same)] == [None, None]
        problem = await strangers.turn_away(same)
        assert problem is not None
        assert (problem.type.code, 0 < (problem.retry_after_ms or 0) <= 61_000) == ("rate", True)
    assert await strangers.turn_away("10.0.0.2") is None
    assert await strangers.turn_away("2001:db8:0:1::1") is None


async def test_who_does_not_call_any_more_is_forgotten() -> None:
    """Of keys that each call once, about those of one window are kept, however many come; what is cleared counts no more."""
    moments = iter(number / 100 for number in range(10**9))
    calls = Calls(lambda: next(moments))
    for number in range(2_000):
        assert await calls.acquire_entry(str(number), 1, 1)
        assert calls.keys <= 2 * 101 + 65
    assert not await calls.acquire_entry("1999", 1, 1)
    await calls.clear("1999")
    assert await calls.acquire_entry("1999", 1, 1)
    assert ((await calls.reset() or 0) > 1, calls.keys) == (True, 0)
