"""How often one may call, counted by the `limits` library: in this process, or for several edges in Redis."""

import ipaddress
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from api.problems import Refusal
from api.protocol.access import ADMIN, Principal
from schemas.failure import UsageFailure
from schemas.problems import RATE, Problem

log = structlog.get_logger()
MEMORY: Final = "async+memory://"
_FEW: Final = 64
_SITE_BITS: Final = 64
"""An address of IPv6 counts with its network: whoever has one has all of it (RFC 6177)."""


class Calls(MemoryStorage):
    """The library's storage in this process for the moving window, by itself.

    The library's own looks at the calls of all keys on every call, each in a thread while that key is locked. Here a key's old calls go
    when it calls again, and keys that are quiet now and then. clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._calls: dict[str, tuple[int, deque[float]]] = {}
        self._room = _FEW

    @property
    def keys(self) -> int:
        """Return how many keys are kept."""
        return len(self._calls)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count calls, unless there would be more than `limit` in `expiry` seconds."""
        now = self._clock()
        calls = self._within(key, expiry, now)
        if len(calls) + amount > limit:
            return False
        calls.extend([now] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest call that counts was, and how many count."""
        del limit
        now = self._clock()
        calls = self._within(key, expiry, now)
        return (calls[0], len(calls)) if calls else (now, 0)

    async def clear(self, key: str) -> None:
        """Forget what was counted for a key."""
        self._calls.pop(key, None)

    async def reset(self) -> int | None:
        """Forget everything; returns how many keys there were."""
        keys, self._calls = len(self._calls), {}
        return keys

    def _within(self, key: str, expiry: int, now: float) -> deque[float]:
        """Return the calls that still count."""
        known = self._calls.get(key)
        if known is None:
            self._sweep(now)
            known = self._calls[key] = expiry, deque()
        calls = known[1]
        while calls and calls[0] < now - expiry:
            calls.popleft()
        return calls

    def _sweep(self, now: float) -> None:
        """Forget the keys without a call that counts, once they may be half of all."""
        if len(self._calls) >= self._room:
            self._calls = {key: known for key, known in self._calls.items() if known[1] and known[1][-1] >= now - known[0]}
            self._room = 2 * len(self._calls) + _FEW


class Taken(NamedTuple):
    """Whether a call is within the bound, how many more are, and when there will be more (s)."""

    within: bool
    left: int
    wait_s: int


class Window:
    """`calls` in any `window_s`, by key. A store that does not answer is replaced by this process's own count: its outage stops nobody."""

    def __init__(self, store: Storage, name: str, calls: int, window_s: int) -> None:
        self.name = name
        self.calls = calls
        self.window_s = window_s
        self._item = RateLimitItemPerSecond(calls, window_s, name)
        self._limiter = MovingWindowRateLimiter(store)
        self._own = MovingWindowRateLimiter(Calls())

    async def take(self, key: str) -> Taken:
        """Count a call."""
        try:
            return await self._take(self._limiter, key)
        except Exception as error:  # noqa: BLE001  because each store has exceptions of its own
            log.warning("quota_store_unavailable", reason=type(error).__name__)
            return await self._take(self._own, key)

    async def _take(self, limiter: MovingWindowRateLimiter, key: str) -> Taken:
        within = await limiter.hit(self._item, key)
        stats = await limiter.get_window_stats(self._item, key)
        return Taken(within, stats.remaining, max(1, math.ceil(stats.reset_time - time.time())))


class Quota:
    """Bulk calls, by user."""

    def __init__(self, store: Storage, calls: int, window_s: int) -> None:
        self._window = Window(store, "bulk", calls, window_s)

    async def take(self, principal: Principal) -> dict[str, str]:
        """Count a call; returns the headers that say what is left. Raises `Refusal`. Programs with the admin scope are not counted."""
        if ADMIN in principal.scopes:
            return {}
        window = self._window
        taken = await window.take(principal.subject)
        headers = {
            "RateLimit-Policy": f'"bulk";q={window.calls};w={window.window_s}',
            "RateLimit": f'"bulk";r={taken.left};t={taken.wait_s}',
        }
        if not taken.within:
            detail = f"at most {window.calls} bulk calls in {window.window_s} s: stay live by the WebSocket or GET /api/v2/changes instead"
            raise Refusal(Problem(RATE, detail, retry_after_ms=taken.wait_s * 1000), headers)
        return headers


class Strangers:
    """Tries of those who are not signed in, by address: no token or a bad one, a foreign page, a login code.

    Whoever is signed in is not counted, whatever others at the same address do.
    """

    def __init__(self, store: Storage, tries: int, window_s: int) -> None:
        self._window = Window(store, "stranger", tries, window_s)

    async def turn_away(self, address: str | None) -> Problem | None:
        """Count a try; returns what to answer when there were too many."""
        taken = await self._window.take(_site(address or ""))
        if taken.within:
            return None
        detail = f"at most {self._window.calls} tries in {self._window.window_s} s without signing in: get a token first"
        return Problem(RATE, detail, retry_after_ms=taken.wait_s * 1000)


def store_of(address: str) -> Storage:
    """Return the store at this address (`async+memory://`, `async+redis://host:port/0`). Raises `UsageFailure`."""
    if address == MEMORY:
        return Calls()
    try:
        # the library's own choice of a Redis client does not go together with ours of other packages
        store = storage_from_string(address, **({"implementation": "redispy"} if "redis" in address.partition(":")[0] else {}))
    except Exception as error:  # noqa: BLE001  because the library raises what the store's own library raises
        raise UsageFailure(
            f"ANABRANCH_HTTP__QUOTA_STORE cannot be used ({type(error).__name__}): name a store such as async+memory:// or "
            "async+redis://host:6379/0 (which needs the extra `redis`)."
        ) from None
    if not isinstance(store, Storage):
        raise UsageFailure("ANABRANCH_HTTP__QUOTA_STORE begins with async+: async+memory:// or async+redis://host:6379/0.")
    return store


def _site(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    return str(found.ipv4_mapped or ipaddress.ip_network((found, _SITE_BITS), strict=False))  # a socket for both kinds shows the first so
