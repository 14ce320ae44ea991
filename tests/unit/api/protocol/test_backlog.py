"""When clients are told that events wait for a worker."""

from api.protocol.backlog import Backlog
from api.protocol.freshness import Old, fresh

LIMIT_S = 3.0
MARGIN_S = 1.0


def watched(seconds: int, ends: dict[int, int], through: dict[int, int], event: int | None) -> tuple[list[bool], int]:
    """Look once a second; returns what was told each time, and how often the log was read. event: the first that is not shown."""
    backlog, reads, told = Backlog(fresh(LIMIT_S, 0)), 0, []
    for second in range(1, seconds + 1):
        backlog.answer(ends, through, second)
        if doubtful := backlog.doubtful(through, second + MARGIN_S):
            reads += 1
            backlog.found(ends, dict.fromkeys(doubtful, event))
            backlog.answer(ends, through, second)
        told.append(backlog.old(second) is not None)
    return told, reads


def test_nothing_waits() -> None:
    """The log is not even read."""
    assert watched(9, {0: 7, 1: 0}, {0: 7, 1: 0}, None) == ([False] * 9, 0)


def test_an_event_that_waits_is_told_and_read_once() -> None:
    """However long it waits."""
    told, reads = watched(9, {0: 7, 1: 3}, {0: 5, 1: 3}, 6)
    assert told == [False] * 3 + [True] * 6
    assert reads == 1


def test_a_marker_is_no_event() -> None:
    """The end of the log is beyond all that is shown for ever, and nothing waits."""
    assert watched(9, {0: 7}, {0: 6}, None) == ([False] * 9, 1)


def test_a_marker_is_not_read_again_while_events_wait_elsewhere() -> None:
    """What one partition is known to hold is no reason to open another one's log at every look."""
    backlog, through = Backlog(fresh(LIMIT_S, 0)), {0: 6, 1: 5}
    reads = []
    for second in range(1, 9):
        backlog.answer({0: 7, 1: 9}, through, second)
        if doubtful := backlog.doubtful(through, second + MARGIN_S):
            reads.append(doubtful)
            backlog.found({0: 7, 1: 9}, {0: None, 1: 5})
            backlog.answer({0: 7, 1: 9}, through, second)
    assert reads == [[0, 1]]
    assert backlog.old(8) is not None


def test_an_event_behind_a_marker_waits() -> None:
    """What was found empty stays empty; what comes after it is looked at anew."""
    backlog = Backlog(fresh(LIMIT_S, 0))
    backlog.found({0: 7}, {0: None})
    for second in range(1, 9):
        backlog.answer({0: 8}, {0: 6}, second)
        if doubtful := backlog.doubtful({0: 6}, second + MARGIN_S):
            backlog.found({0: 8}, dict.fromkeys(doubtful, 7))
    assert backlog.old(8) == Old("backlog", 8)
    backlog.answer({0: 8}, {0: 8}, 9)
    assert backlog.old(9) is None


def test_who_could_not_read_takes_it_for_an_event() -> None:
    """Rather told in vain than not at all."""
    backlog = Backlog(fresh(LIMIT_S, 0))
    for second in range(1, 9):
        backlog.answer({0: 8}, {0: 6}, second)
        backlog.found({0: 8}, {})
    assert backlog.old(8) == Old("backlog", 8)


def test_a_silent_broker_is_not_called_a_backlog() -> None:
    """That is told by whoever asks about cascades."""
    backlog = Backlog(fresh(LIMIT_S, 0))
    backlog.answer({0: 8}, {0: 8}, 1)
    assert backlog.old(60) is None
