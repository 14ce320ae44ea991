"""Standings from `member` rows, in whatever order and however often they come."""

import itertools

from api.members import MemberRow, Members
from api.protocol.access import Standing


def named(row_id: str, stamp: int, role: str = "editor", user: str = "") -> MemberRow:
    """Return a live row."""
    return MemberRow(row_id, stamp, user or row_id, role)


def gone(row_id: str, stamp: int) -> MemberRow:
    """Return a tombstone."""
    return MemberRow(row_id, stamp, deleted=True)


def standing(members: Members, user: str, *, deleted: bool = False) -> Standing | None:
    """Return the standing in project `p`."""
    return members.standing("p", user, deleted=deleted)


def test_the_newest_row_wins_in_any_order() -> None:
    """Told once per change, and who it concerns."""
    rows = [named("u", 1), gone("u", 2), named("u", 3, "owner"), named("v", 2, "viewer")]
    for order in itertools.permutations(rows):
        members = Members()
        for row in (*order, *order):
            members.put("p", row)
        assert (standing(members, "u"), standing(members, "v"), standing(members, "w")) == (Standing.OWNER, Standing.VIEWER, None)
        assert (members.owned("p"), members.owned("q"), members.projects_of("u"), members.projects_of("w")) == (True, False, {"p"}, set())


def test_a_removed_member_is_known_as_one() -> None:
    """Also when its row was never seen, and when the row names another user than its id says."""
    members = Members()
    assert members.put("p", gone("u", 1)) == {"u"}
    assert members.put("p", gone("u", 1)) == set()
    members.put("p", named("m", 2, "owner", "v"))
    assert members.put("p", gone("m", 3)) == {"v"}
    assert [standing(members, user) for user in ("u", "v", "m")] == [Standing.REMOVED, Standing.REMOVED, None]
    assert not members.owned("p")


def test_a_row_that_changes_its_user_takes_from_one_what_it_gives_to_the_other() -> None:
    """Both are told; a second row of the same user counts too, and the best one holds."""
    members = Members()
    members.put("p", named("m", 1, "owner", "u"))
    assert members.put("p", named("m", 2, "owner", "v")) == {"u", "v"}
    assert [standing(members, user) for user in "uv"] == [Standing.REMOVED, Standing.OWNER]
    members.put("p", named("u", 3, "viewer"))
    assert standing(members, "u") is Standing.VIEWER


def test_the_end_of_a_project_ends_memberships_but_lets_its_members_see_it() -> None:
    """Those until then read the end, before and after their own tombstones come; when it is made anew, they are out."""
    members = Members()
    members.put("p", named("u", 1, "owner"))
    members.put("p", named("v", 1))
    members.put("p", gone("v", 2))
    for _ in range(2):
        members.end("p", 5)
        assert [standing(members, user, deleted=True) for user in "uv"] == [Standing.VIEWER, Standing.REMOVED]
        assert [standing(members, user) for user in "uv"] == [Standing.REMOVED, Standing.REMOVED]
        assert not members.owned("p")
        members.put("p", gone("u", 5))
    members.put("p", named("u", 7, "owner"))
    assert (standing(members, "u"), members.owned("p")) == (Standing.OWNER, True)


def test_rows_that_left_the_topic_say_nothing() -> None:
    """Neither does one that was never there."""
    members = Members()
    members.put("p", gone("u", 1))
    members.put("p", named("w", 1, user="u"))
    members.remove("p", "w")
    assert standing(members, "u") is Standing.REMOVED
    for _ in range(2):
        members.remove("p", "u")
        members.remove("q", "u")
    assert (standing(members, "u"), members.projects_of("u")) == (None, set())


def test_what_was_read_again_takes_the_place_of_what_differs() -> None:
    """One that was lost, one that never was, one with another role; a row that came after the reading stays. Told: whom it concerns."""
    right, ours = Members(), Members()
    for row in (named("lost", 1, "owner"), named("role", 2, "viewer"), gone("out", 3), named("same", 4)):
        right.put("p", row)
    for row in (named("phantom", 1, "owner"), named("role", 2, "owner"), named("out", 3), named("same", 4), named("late", 9)):
        ours.put("p", row)
    assert ours.mend("p", right, 9) == {"lost", "phantom", "role", "out"}
    found = {user: standing(ours, user) for user in ("lost", "phantom", "role", "out", "same", "late")}
    assert found == {
        "lost": Standing.OWNER,
        "phantom": None,
        "role": Standing.VIEWER,
        "out": Standing.REMOVED,
        "same": Standing.EDITOR,
        "late": Standing.EDITOR,
    }
    assert (ours.projects_of("lost"), ours.projects_of("phantom")) == ({"p"}, set())
    assert ours.stamps("p") == {"lost": 1, "role": 2, "out": 3, "same": 4, "late": 9}
    assert ours.mend("p", right, 9) == set()
    assert ours.mend("q", right, 9) == set()
    right.end("p", 5)
    assert (ours.mend("p", right, 9), standing(ours, "lost")) == (set(), Standing.REMOVED)
