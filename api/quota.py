"""How often a user may make the bulk call, counted by the `limits` library: in this process, or for several edges in Redis."""

import math
import time
from typing import Final

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


class Quota:
    """`calls` in any `window_s`. A store that does not answer is replaced by this process's own count: an outage of it stops nobody."""

    def __init__(self, store: Storage, calls: int, window_s: int) -> None:
        self._item = RateLimitItemPerSecond(calls, window_s, "bulk")
        self._limiter = MovingWindowRateLimiter(store)
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._calls = calls
        self._window_s = window_s

    async def take(self, principal: Principal) -> dict[str, str]:
        """Count a call; returns the headers that say what is left. Raises `Refusal`. Programs with the admin scope are not counted."""
        if ADMIN in principal.scopes:
            return {}
        try:
            return await self._take(self._limiter, principal.subject)
        except Refusal:
            raise
        except Exception as error:  # noqa: BLE001  because each store has exceptions of its own
            log.warning("quota_store_unavailable", reason=type(error).__name__)
            return await self._take(self._own, principal.subject)

    async def _take(self, limiter: MovingWindowRateLimiter, user: str) -> dict[str, str]:
        taken = await limiter.hit(self._item, user)
        stats = await limiter.get_window_stats(self._item, user)
        wait_s = max(1, math.ceil(stats.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"bulk";q={self._calls};w={self._window_s}',
            "RateLimit": f'"bulk";r={stats.remaining};t={wait_s}',
        }
        if not taken:
            detail = f"at most {self._calls} bulk calls in {self._window_s} s: stay live by the WebSocket or GET /api/v2/changes instead"
            raise Refusal(Problem(RATE, detail, retry_after_ms=wait_s * 1000), headers)
        return headers


def quota_of(address: str, calls: int, window_s: int) -> Quota:
    """Return a quota that counts at this address (`async+memory://`, `async+redis://host:port/0`). Raises `UsageFailure`."""
    try:
        store = storage_from_string(address)
    except Exception as error:  # noqa: BLE001  because the library raises what the store's own library raises
        raise UsageFailure(
            f"ANABRANCH_HTTP__QUOTA_STORE cannot be used ({type(error).__name__}): name a store such as async+memory:// or "
            "async+redis://host:6379/0 (which needs the extra `redis`)."
        ) from None
    if not isinstance(store, Storage):
        raise UsageFailure("ANABRANCH_HTTP__QUOTA_STORE begins with async+: async+memory:// or async+redis://host:6379/0.")
    return Quota(store, calls, window_s)
