"""Events by name."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from connectors.lines import judge
from connectors.typed import Project, checked, move_task
from schemas.events import Event, Fields, encode_event

SHOP = Project(id="shop", source="mcp-ai", user_id="ada", session_id="s1", origin="erp")
HALL = Project(id="hall", source="user")
AT = datetime(2026, 2, 3, 9, 0, 0, 123_000, tzinfo=UTC)


def test_every_kind_of_event_keeps_the_contract() -> None:
    """Judged as a line of `anabranch publish` is."""
    made = [
        SHOP.announce(name="Shop"),
        SHOP.create_branch("shop:main", name="main"),
        SHOP.patch_branch("shop:main", archived=True),
        SHOP.create_task("t", "shop:main", title="T", status="todo", labels=["x"], dependencies=["u"], parent_id="u"),
        SHOP.update_task("t", "shop:other", title="T", version=7),
        SHOP.patch_task("t", status="done", if_stamp=4),
        SHOP.create_subtask("s", "t", title="S"),
        SHOP.patch_subtask("s", progress_percentage=50.0),
        SHOP.delete_subtask("s"),
        SHOP.set_member("bob", "editor"),
        SHOP.remove_member("bob"),
        SHOP.delete_task("t"),
        SHOP.delete_branch("shop:main"),
        SHOP.delete(),
    ]
    for event in made:
        assert isinstance(judge(1, encode_event(event)), Event)
        assert (event.project_id, event.source, event.user_id, event.session_id, event.origin) == ("shop", "mcp-ai", "ada", "s1", "erp")
        assert (event.data is None) == (event.action == "delete")
    assert made[4].branch_id == "shop:other"
    assert (made[4].version, made[5].if_stamp, made[6].task_id) == (7, 4, "t")
    assert made[9].data == Fields(user_id="bob", role="editor")


def test_ids_are_of_version_7_unless_given() -> None:
    """Each event has its own."""
    found = {SHOP.delete_task("t").id for _ in range(100)}
    assert len(found) == 100
    assert {UUID(one).version for one in found} == {7}
    assert SHOP.delete_task("t", id="mine").id == "mine"


@pytest.mark.parametrize(
    "at", [AT, AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=5, minutes=30)))], ids=["utc", "naive", "zone"]
)
def test_times_are_utc(at: datetime) -> None:
    """A time without a zone is UTC."""
    assert SHOP.patch_task("t", status="done", at=at).occurred_at == "2026-02-03T09:00:00.123Z"


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"progress_percentage": 101}, "progress_percentage"),
        ({"title": "x" * 3000}, "title"),
        ({"status": 5}, "status"),
        ({"nosuch": "done"}, "nosuch"),
        ({"labels": ["x" * 100] * 5000}, "labels"),
    ],
)
def test_what_breaks_the_contract_is_refused_by_name(fields: dict[str, Any], names: str) -> None:
    """At the caller's line, not in a dead letter."""
    with pytest.raises(ValueError, match=names):
        SHOP.patch_task("t", **fields)


def test_an_event_that_is_too_large_is_refused() -> None:
    """The contract's own limits allow some that the log does not."""
    names = ["ü" * 128] * 1000
    with pytest.raises(ValueError, match="bytes"):
        checked(
            {
                "id": "e",
                "entity": "task",
                "action": "create",
                "project_id": "p",
                "entity_id": "t",
                "occurred_at": "2026-01-01",
                "source": "user",
                "data": {"labels": names, "assignees": names, "dependencies": names},
            }
        )


def test_a_move_between_projects_is_two_events_of_one_correlation() -> None:
    """Deleted in the old, created in the new, with one time."""
    gone, come = move_task("t", SHOP, HALL, "hall:main", title="T", at=AT)
    assert (gone.project_id, gone.action, gone.data) == ("shop", "delete", None)
    assert (come.project_id, come.action, come.branch_id) == ("hall", "create", "hall:main")
    assert gone.correlation_id == come.correlation_id == gone.id
    assert gone.occurred_at == come.occurred_at
    named = move_task("t", SHOP, Project(id="hall", source="user", correlation_id="c"), "hall:main")
    assert {event.correlation_id for event in named} == {"c"}
    with pytest.raises(ValueError, match="update_task"):
        move_task("t", SHOP, SHOP, "shop:main")
