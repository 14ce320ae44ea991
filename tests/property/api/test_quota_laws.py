"""The law of the quota: never more than so many calls in any window, and none refused that would be within it."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from api.quota import Calls

LIMITS = {"few": (2, 5), "many": (4, 30)}
"""Calls and seconds of two windows that share a storage."""
MOMENTS = st.lists(st.tuples(st.floats(0.0, 9.0), st.sampled_from(sorted(LIMITS)), st.integers(0, 3), st.integers(1, 2)), max_size=60)


class Time:
    """A clock that is set."""

    now_s = 1e9

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


@given(MOMENTS)
def test_no_window_has_more_calls_than_its_bound(moments: list[tuple[float, str, int, int]]) -> None:
    """Whoever calls when: what is let through is exactly what a list of all calls so far would let through."""
    asyncio.run(_calls(moments))


async def _calls(moments: list[tuple[float, str, int, int]]) -> None:
    time = Time()
    calls = Calls(time)
    taken: dict[str, list[float]] = {}
    for later_s, name, user, amount in moments:
        time.now_s += later_s
        (limit, window_s), key = LIMITS[name], f"{name}/{user}"
        within = [at for at in taken.get(key, []) if at >= time.now_s - window_s]
        assert await calls.acquire_entry(key, limit, window_s, amount) == (len(within) + amount <= limit)
        if len(within) + amount <= limit:
            taken[key] = [*taken.get(key, []), *[time.now_s] * amount]
            within += [time.now_s] * amount
        assert await calls.get_moving_window(key, limit, window_s) == (within[0] if within else time.now_s, len(within))
