"""When clients are told that what they see may be old."""

import pytest

from api.protocol.freshness import fresh

LIMIT_S = 3.0


def test_all_that_is_there_is_shown() -> None:
    """Nothing is old, for as long as the broker answers."""
    freshness = fresh(LIMIT_S, 0)
    for second in range(1, 9):
        freshness.answer({0: second}, {0: second}, second)
        assert freshness.reason(second) is None


def test_what_comes_all_the_time_is_shown_a_moment_later() -> None:
    """The newest is never there yet, what was there at the last look is."""
    freshness = fresh(LIMIT_S, 0)
    for second in range(1, 9):
        freshness.answer({0: 10 * second}, {0: 10 * second - 5}, second)
        assert freshness.reason(second) is None


@pytest.mark.parametrize(("at", "reason"), [(LIMIT_S, None), (LIMIT_S + 0.1, "broker")])
def test_silence_is_noticed(at: float, reason: str | None) -> None:
    """After the limit, whatever was shown before."""
    freshness = fresh(LIMIT_S, 0)
    assert freshness.reason(at) == reason


def test_one_partition_that_stands_still_is_noticed() -> None:
    """The others go on; when it has caught up, all is well."""
    freshness = fresh(LIMIT_S, 0)
    told = []
    for second in range(1, 9):
        freshness.answer({0: second, 1: 2}, {0: second, 1: 1 if second < 7 else 2}, second)
        told.append(freshness.reason(second))
    assert told == [None] * 3 + ["lag"] * 3 + [None] * 2


def test_a_partition_that_never_catches_up_is_late() -> None:
    """It moves, but what was there four seconds ago is still not shown."""
    freshness = fresh(LIMIT_S, 0)
    told = []
    for second in range(1, 9):
        freshness.answer({0: 100 * second}, {0: 20 * second}, second)
        told.append(freshness.reason(second))
    assert told[-1] == "lag"
