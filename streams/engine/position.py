"""Where reading starts and whether a batch continues what was read. Pure."""

from enum import Enum


class Fit(Enum):
    """How a batch lies to the next offset that an owner expects."""

    NEXT = "next"
    OVERLAP = "overlap"
    OLD = "old"
    GAP = "gap"


def start_of(committed: int | None, through: int, beginning: int) -> int:
    """Return the next offset to read.

    Reading starts at the watermark that was committed, so that what was durable but perhaps not published is emitted again.
    Rows that end before it (a lost tail of `task-state`) pull it back. Without a commit all of the log is read. Nothing lies
    below `beginning`. through: -1 for no rows at all.
    """
    if committed is None:
        return beginning
    return max(beginning, min(committed, max(through, 0)))


def fit(expected: int, begin: int, end: int) -> Fit:
    """Return how a batch of all between `begin` and `end` (exclusive) lies to the offset that should come next."""
    if end <= expected:
        return Fit.OLD
    if begin < expected:
        return Fit.OVERLAP
    return Fit.NEXT if begin == expected else Fit.GAP
