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
