"""Contexts and members."""

from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, row, tell


def test_a_context_says_what_changed() -> None:
    """Level, version and names of keys; a patch keeps the rest, null and a whole image set defaults."""
    worker = Worker()
    tell(worker, event("context c", data={"level": "branch", "version": 4, "changed": ["a"]}), event("context c", "patch", {"version": 5}))
    assert (row(worker, "context c").level, row(worker, "context c").version, row(worker, "context c").changed) == ("branch", 5, ["a"])
    tell(worker, event("context c", "patch", {"level": None, "version": None, "changed": None}))
    assert (row(worker, "context c").level, row(worker, "context c").version, row(worker, "context c").changed) == ("task", 1, [])
    tell(worker, event("context c", "update", {"level": "project"}), event("context c", "update"))
    assert (row(worker, "context c").level, row(worker, "context c").stamp) == ("task", 4)


def test_a_member_has_a_role() -> None:
    """The user is the entity unless the payload names one."""
    worker = Worker()
    tell(worker, event("member m", data={"user_id": "u", "role": "owner"}), event("member n"))
    assert (row(worker, "member m").user_id, row(worker, "member m").role) == ("u", "owner")
    assert (row(worker, "member n").user_id, row(worker, "member n").role) == ("n", "viewer")
    tell(worker, event("member m", "patch", {"role": "editor"}), event("member n", "patch", {"user_id": None, "role": None}))
    assert (row(worker, "member m").user_id, row(worker, "member m").role) == ("u", "editor")
    assert (row(worker, "member n").user_id, row(worker, "member n").role) == ("n", "viewer")


def test_they_can_be_deleted() -> None:
    """Known or not; nothing above them changes."""
    worker = Worker()
    tell(worker, event("context c"), event("context c", "delete"), event("member m", "delete"))

    assert row(worker, "context c").deleted
    assert row(worker, "member m").deleted
    assert set(worker.store.values) == {b"context/p/c", b"member/p/m", b"offset/3"}
