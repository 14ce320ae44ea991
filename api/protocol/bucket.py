"""A token bucket: how fast one connection may send."""


class Bucket:
    """`rate` tokens a second, at most `burst` at once; full at first."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated_ms")

    def __init__(self, rate: float, burst: int, now_ms: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._updated_ms = now_ms

    def take(self, now_ms: int) -> bool:
        """Take one token; False when there is none. A clock that goes back gives nothing."""
        passed = max(0, now_ms - self._updated_ms)
        self._updated_ms = max(now_ms, self._updated_ms)
        self._tokens = min(self._burst, self._tokens + passed * self._rate / 1000)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
