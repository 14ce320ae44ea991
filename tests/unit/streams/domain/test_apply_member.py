"""Members."""

from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, messages, row, tell


def test_a_member_has_a_role() -> None:
    """The user is the entity unless the payload names one."""
    worker = Worker()
    tell(worker, event("member m", data={"user_id": "u", "role": "owner"}), event("member n"))
    assert (row(worker, "member m").user_id, row(worker, "member m").role) == ("u", "owner")
    assert (row(worker, "member n").user_id, row(worker, "member n").role) == ("n", "viewer")
    tell(worker, event("member m", "patch", {"role": "editor"}), event("member n", "patch", {"user_id": None, "role": None}))
    assert (row(worker, "member m").user_id, row(worker, "member m").role) == ("u", "editor")
    assert (row(worker, "member n").user_id, row(worker, "member n").role) == ("n", "viewer")


def test_one_can_be_deleted() -> None:
    """Known or not; nothing above it changes."""
    worker = Worker()
    tell(worker, event("member m"), event("member m", "delete"), event("member n", "delete"))

    assert row(worker, "member m").deleted
    assert row(worker, "member n").deleted
    assert set(worker.store.values) == {b"member/p/m", b"member/p/n", b"activity/p/mon-12:00", b"offset/3"}


def test_no_window_holds_one_back() -> None:
    """Whoever may read must be known at once: also what an agent changes leaves now, behind what its window held."""
    worker = Worker()
    tell(worker, event("task t"))
    tell(worker, event("task t", "patch", {"title": "x"}))
    told = messages(tell(worker, event("member m", source="mcp-ai"), event("member m", "delete", source="mcp-ai")))

    assert [type(one).__name__ for one in told] == ["Bulk", "Update", "Update"]
