"""Open sets of changes."""

from schemas.messages import SessionCount
from schemas.rows import TaskSummary
from streams.domain.fold import Applied
from streams.domain.rules import Rules
from streams.domain.windows import Window, Windows, close_of
from tests.unit.streams.domain.scene import event

RULES = Rules()
T = b"task/p/t"
NEW = Applied(T, None, (b"branch/p/b",))
AGAIN = Applied(T, TaskSummary(id="t", project_id="p", branch_id="b"), (b"branch/p/c",))


def test_windows_end_on_the_wall_clock() -> None:
    """A window ends at the next multiple of its length, never at once."""
    assert [close_of(now, RULES) for now in (0, 499, 500, 501)] == [500, 500, 1000, 1000]


def test_a_window_says_who_did_what() -> None:
    """Each key once, as it was before the window; each session with its count; correlation ids; first and last offset."""
    window = Window(1000, 1500)
    assert not window.pending
    window.add(event("task t", session_id="s", correlation_id="c"), 5, NEW)
    window.add(event("task t", session_id="s", user_id=None), 6, AGAIN)
    window.add(event("task t", session_id="r", user_id="u"), 9, AGAIN)
    assert window.pending
    assert window.holds(T)
    assert window.holds(b"branch/p/c")
    assert not window.holds(b"branch/p/d")

    pending = window.drain(1400)
    assert (pending.first, pending.last) == (5, 9)
    assert pending.primary == {T: False}
    assert list(pending.others) == [b"branch/p/b", b"branch/p/c"]
    merged = pending.merged
    assert (merged.events, merged.correlation_ids, merged.window_start, merged.window_end) == (3, ["c"], 1000, 1400)
    assert merged.sessions == [SessionCount(2, "s"), SessionCount(1, "r", "u")]
    assert not window.pending
    assert window.drain(1300).merged.window_end == 1400


def test_names_are_bounded() -> None:
    """64 correlation ids and 64 sessions are named; further sessions are counted under their source, so that the sum is kept."""
    window = Window(0, 500)
    for number in range(200):
        window.add(event("task t", session_id=f"s{number % 100}", correlation_id=f"c{number}"), number, NEW)

    merged = window.drain(0).merged
    assert len(merged.correlation_ids) == 64
    assert len(merged.sessions) == 65
    assert merged.sessions[-1].session_id is None
    assert sum(session.events for session in merged.sessions) == merged.events == 200


def test_a_window_goes_on_while_changes_come() -> None:
    """At its end a window with changes is due and goes on; one that told nothing for a second ends, and its project is quiet again."""
    windows = Windows()
    assert windows.next_close_ms() is None
    assert windows.oldest_offset() is None
    windows.open("q", 400, RULES)
    windows.open("p", 700, RULES).add(event("task t"), 5, NEW)
    assert (windows.next_close_ms(), windows.oldest_offset()) == (500, 5)

    assert windows.due(999, RULES) == []
    assert (windows.next_close_ms(), list(windows.by_project)) == (1000, ["q", "p"])
    assert windows.due(1000, RULES) == ["p"]
    assert windows.next_close_ms() == 1500
    windows.by_project["p"].drain(1000)
    assert windows.due(1500, RULES) == []
    assert list(windows.by_project) == ["p"]
    windows.by_project["p"].add(event("task t"), 6, NEW)
    assert windows.due(2000, RULES) == ["p"]
    assert windows.by_project["p"].drain(2000).merged.window_start == 1500
    assert windows.due(2500, RULES) == windows.due(3000, RULES) == []
    assert windows.by_project == {}


def test_without_a_time_of_quiet_an_empty_window_ends() -> None:
    """Then each change after one goes out at once."""
    windows = Windows()
    windows.open("p", 400, RULES)
    assert windows.due(500, Rules(quiet_ms=0)) == []
    assert windows.by_project == {}


def test_a_replay_has_no_end_of_its_own() -> None:
    """Its windows wait until the replay ends, then all are due; windows of others are left alone."""
    windows = Windows()
    windows.open("q", 400, RULES)
    window, begun = windows.collect("p", 400)
    assert begun
    assert windows.collect("p", 400) == (window, False)
    window.add_again(event("task t", "patch"), 3, [T, b"subtask/p/s"], [b"branch/p/b"])
    assert (windows.is_replaying, windows.next_close_ms(), windows.due(450, RULES)) == (True, 500, [])

    windows.end_replay(450)
    assert (windows.is_replaying, windows.due(450, RULES)) == (False, ["p"])
    pending = window.drain(450)
    assert (pending.first, pending.primary) == (3, {T: True, b"subtask/p/s": True})
    assert pending.others == {b"branch/p/b": None}
