"""Names of projects that must be there."""

from api.protocol.roll import Roll


def test_a_project_is_missed_until_its_end() -> None:
    """Without a row, or with an older one; after its tombstone only an older row is too much. An older record changes nothing."""
    roll = Roll()
    roll.note("p", 3, live=True)
    roll.note("p", 2, live=False)
    roll.note("p", 1, live=True)
    assert [roll.misses("p", stamp) for stamp in (None, 2, 3, 4)] == [True, True, False, False]
    assert (list(roll.names()), roll.misses("q", None), roll.misses("q", 1)) == (["p"], False, False)
    roll.note("p", 5, live=False)
    assert [roll.misses("p", stamp) for stamp in (None, 3, 6)] == [False, True, False]
    roll.strike("p")
    roll.strike("p")
    assert (list(roll.names()), roll.misses("p", 3)) == ([], False)


def test_a_member_is_missed_until_its_tombstone_left() -> None:
    """Without its row, or with an older one; a project that is known by its members alone is looked at, too."""
    roll = Roll()
    assert not roll.misses_members("p", {})
    roll.note_member("p", "u", 3)
    roll.note_member("p", "u", 2)
    roll.note_member("p", "v", 1)
    found = [roll.misses_members("p", stamps) for stamps in ({"u": 3, "v": 1}, {"u": 4, "v": 1, "w": 0}, {"u": 2, "v": 1}, {"u": 3}, {})]
    assert found == [False, False, True, True, True]
    roll.strike_member("p", "v")
    assert (roll.misses_members("p", {"u": 3}), list(roll.names())) == (False, ["p"])
    for row_id in ("u", "u"):
        roll.strike_member("p", row_id)
    assert (roll.misses_members("p", {}), list(roll.names())) == (False, [])
