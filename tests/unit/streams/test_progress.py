"""Standing still is told from being idle, from moving, and from waiting for Kafka."""

from streams.progress import Ends, Progress

_IDLE = Ends(end=9, read=9, taken=9, durable=9, committed=9)
_BEHIND = Ends(end=9, read=5, taken=5, durable=5, committed=5)


def _noted(*notes: tuple[float, Ends], excused: bool = False) -> list[int]:
    progress = Progress(stall_s=10)
    found: list[int] = []
    for now, ends in notes:
        found = progress.note(now, {3: ends}, excused=excused)
    return found


def test_a_partition_that_is_behind_and_does_not_move_stalls() -> None:
    """After more than the given time without a move, it is named; not before."""
    assert _noted((0, _BEHIND), (10, _BEHIND)) == []
    assert _noted((0, _BEHIND), (10.1, _BEHIND)) == [3]


def test_an_idle_partition_never_stalls() -> None:
    """Nothing to do is no standstill, nor is a transaction's marker behind the last event."""
    assert _noted((0, _IDLE), (100, _IDLE)) == []
    marker = Ends(end=10, read=10, taken=9, durable=9, committed=9)
    assert _noted((0, marker), (100, marker)) == []
    assert marker.lag == 0


def test_any_move_restarts_the_clock() -> None:
    """Being behind for long is fine as long as it goes on."""
    moved = Ends(end=9, read=6, taken=5, durable=5, committed=5)
    assert _noted((0, _BEHIND), (9, moved), (18, moved)) == []
    assert _noted((0, _BEHIND), (9, moved), (20, moved)) == [3]


def test_kafka_away_is_an_excuse() -> None:
    """While Kafka does not answer nothing can move."""
    assert _noted((0, _BEHIND), (100, _BEHIND), excused=True) == []


def test_lag_counts_what_is_not_durable() -> None:
    """Events that were taken in but not acknowledged still count."""
    assert Ends(end=9, read=9, taken=9, durable=4, committed=4).lag == 5
