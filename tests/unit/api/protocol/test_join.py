"""A join as it begins."""

from api.protocol.join import Join
from tests.unit.api.protocol.fakes import World


def test_a_join_begins_without_a_place() -> None:
    """So a snapshot is due, unless a place is found for it."""
    session = World().session()
    join = Join("p", session)
    assert (join.project_id, join.receiver, join.cursor, join.since) == ("p", session, None, None)
