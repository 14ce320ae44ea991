"""How old what an edge shows may be, from what it asks the broker now and then: the one place that decides between `stale` and `live`."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

Ends = Mapping[int, int]
"""Partition -> end."""


class Old(NamedTuple):
    """Why what is shown is too old, and how long ago it was known to be all there is, in seconds."""

    reason: str
    age_s: float


class Freshness(Struct):
    """limit_s: this old is still live. Times: seconds of a clock that never goes back.

    answered_s: when the broker last said where partitions end. known_s: everything that was there at this time is shown. noted_s, goal:
    ends that were not reached yet when they were noted.
    """

    limit_s: float
    answered_s: float
    known_s: float
    noted_s: float
    goal: Ends

    def answer(self, ends: Ends, applied: Ends, now_s: float) -> None:
        """Note where the partitions end, and up to where each is shown."""
        self.answered_s = now_s
        if _reached(ends, applied):
            self.known_s = now_s
        elif not _reached(self.goal, applied):
            return
        else:
            self.known_s = max(self.known_s, self.noted_s)
        self.noted_s, self.goal = now_s, ends

    def old(self, now_s: float) -> Old | None:
        """Return how old what is shown is where that is too old, None where it is not."""
        reason = self.reason(now_s)
        return None if reason is None else Old(reason, now_s - self.known_s)

    def reason(self, now_s: float) -> str | None:
        """Return why what is shown may be too old (`broker`: it does not answer; `lag`: a partition falls behind), None when it is not."""
        silent_s = now_s - self.answered_s
        if silent_s > self.limit_s:
            return "broker"
        return "lag" if now_s - self.known_s > self.limit_s + silent_s else None


def fresh(limit_s: float, now_s: float) -> Freshness:
    """Return how things stand at the beginning: nothing is old yet."""
    return Freshness(limit_s, now_s, now_s, now_s, {})


def _reached(ends: Ends, applied: Ends) -> bool:
    return all(applied.get(partition, 0) >= end for partition, end in ends.items())
