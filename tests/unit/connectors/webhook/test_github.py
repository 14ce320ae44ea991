"""Deliveries in the shapes that GitHub's documentation gives, cut to what is read."""

from typing import Any

import pytest
from msgspec import UNSET

from connectors.lines import judge
from connectors.webhook.github import Delivery, Issue, Malformed, Mapped, mapped, node_of
from schemas.events import Event, Fields, encode_event

REPOSITORY = {"id": 7, "full_name": "octo/hello", "archived": False}
SENDER = {"login": "ada", "type": "User"}
NOW_MS = 1_800_000_000_000


def issue(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  because an issue has values of every kind
    """Return an issue."""
    fixed = {"number": 42, "node_id": "I_42", "title": "Break  it", "state": "open", "state_reason": None, "milestone": None}
    names = {"labels": [{"name": "bug"}, {"name": "priority: high"}], "assignees": [{"login": "bob"}, {"login": "eve"}]}
    return {**fixed, **names, "updated_at": "2026-02-03T04:05:06Z", **changes}


def deliver(action: str, known: Issue | None = None, kind: str = "issues", **payload: Any) -> Mapped:  # noqa: ANN401  with it
    """Return what a delivery means."""
    whole = {"action": action, "repository": REPOSITORY, "sender": SENDER, **payload}
    found = mapped(Delivery("d-1", kind, whole), known, NOW_MS)
    assert all(isinstance(judge(1, encode_event(event)), Event) for event in found.events)
    return found


def told(found: Mapped) -> list[tuple[str, str, str]]:
    """Return action, entity and id of each event."""
    return [(event.action, event.entity, event.entity_id) for event in found.events]


KNOWN = Issue("github-7", "42", 1_770_091_506_000, "open:")


def test_a_new_issue_is_a_task_with_its_project_and_branch() -> None:
    """A receiver that was added later has never seen them."""
    found = deliver("opened", issue=issue())
    assert told(found) == [("create", "project", "github-7"), ("create", "branch", "github-7:main"), ("create", "task", "42")]
    task = found.events[2]
    assert task.data == Fields(title="Break it", status="todo", priority="high", labels=["bug", "priority: high"], assignees=["bob", "eve"])
    assert (task.branch_id, task.user_id, task.source, task.correlation_id) == ("github-7:main", "ada", "user", "d-1")
    assert (task.occurred_at, task.version, task.origin) == ("2026-02-03T04:05:06.000Z", 1_770_091_506_000, "github:github-7")
    assert (found.node_id, found.issue) == ("I_42", KNOWN)


def test_a_known_issue_says_only_what_is_new() -> None:
    """So a status that was set on a board stays when a label changes; one that GitHub changed is sent."""
    labelled = deliver("labeled", KNOWN, issue=issue(updated_at="2026-02-03T04:06:00Z"))
    assert told(labelled) == [("patch", "task", "42")]
    assert labelled.events[0].data is not None
    assert labelled.events[0].data.status is UNSET
    closed = deliver("closed", labelled.issue, issue=issue(state="closed", state_reason="completed"))
    assert closed.events[0].data is not None
    assert closed.events[0].data.status == "done"
    planned = deliver("closed", KNOWN, issue=issue(state="closed", state_reason="not_planned"))
    assert planned.events[0].data is not None
    assert planned.events[0].data.status == "cancelled"


def test_versions_grow_within_a_second_and_an_old_delivery_is_old() -> None:
    """GitHub's times have seconds; two changes in one are in the order of their delivery."""
    second = deliver("labeled", KNOWN, issue=issue())
    third = deliver("labeled", second.issue, issue=issue())
    assert [second.events[0].version, third.events[0].version] == [1_770_091_506_001, 1_770_091_506_002]
    late = deliver("edited", third.issue, issue=issue(updated_at="2026-02-03T04:05:05Z"))
    assert late.events[0].version == 1_770_091_505_000


def test_an_agent_is_told_from_a_person() -> None:
    """GitHub calls its apps bots."""
    assert deliver("opened", issue=issue(), sender={"login": "copilot", "type": "Bot"}).events[0].source == "mcp-ai"


def test_a_milestone_is_a_branch() -> None:
    """A deleted one is archived: a deleted branch would take its tasks along, and the issues live on."""
    milestone = {"number": 3, "title": "v1", "state": "open"}
    assert deliver("milestoned", KNOWN, issue=issue(milestone=milestone)).events[0].branch_id == "github-7:milestone-3"
    opened = deliver("created", kind="milestone", milestone=milestone)
    assert (told(opened), opened.events[0].data) == ([("create", "branch", "github-7:milestone-3")], Fields(name="v1", archived=False))
    assert deliver("closed", kind="milestone", milestone={**milestone, "state": "closed"}).events[0].data == Fields(
        name="v1", archived=True
    )
    deleted = deliver("deleted", kind="milestone", milestone=milestone)
    assert (told(deleted), deleted.events[0].data) == ([("patch", "branch", "github-7:milestone-3")], Fields(archived=True))
    fresh = deliver("opened", issue=issue(milestone=milestone))
    assert told(fresh)[1] == ("create", "branch", "github-7:milestone-3")


def test_a_deleted_or_transferred_issue_is_deleted() -> None:
    """A transferred one lives on where it went, under one correlation id."""
    assert told(deliver("deleted", KNOWN, issue=issue())) == [("delete", "task", "42")]
    new = {"new_issue": issue(number=5, node_id="I_5"), "new_repository": {"id": 8, "full_name": "octo/other"}}
    moved = deliver("transferred", KNOWN, issue=issue(), changes=new)
    assert told(moved)[0] == ("delete", "task", "42")
    assert [(event.project_id, event.entity, event.entity_id) for event in moved.events[1:]] == [
        ("github-8", "project", "github-8"),
        ("github-8", "branch", "github-8:main"),
        ("github-8", "task", "5"),
    ]
    assert {event.correlation_id for event in moved.events} == {"d-1"}


def test_a_board_sets_status_and_priority() -> None:
    """Of issues that are known; other fields mean nothing."""

    def item(field: dict[str, Any], known: Issue | None = KNOWN) -> Mapped:
        board = {"content_node_id": "I_42", "content_type": "Issue", "updated_at": "2026-02-03T05:00:00Z"}
        return deliver("edited", known, "projects_v2_item", projects_v2_item=board, changes={"field_value": field})

    status = item({"field_name": "Status", "field_type": "single_select", "to": {"name": "In Progress"}})
    assert (told(status), status.events[0].data, status.node_id) == ([("patch", "task", "42")], Fields(status="in_progress"), "I_42")
    assert item({"field_name": "Status", "to": {"name": "Parked"}}).events[0].data == Fields(status="Parked")
    assert item({"field_name": "Priority", "to": {"name": "P0"}}).events[0].data == Fields(priority="critical")
    assert item({"field_name": "Size", "to": {"name": "XL"}}).ignored
    assert item({"field_name": "Status", "to": None}).ignored
    assert "not known" in item({"field_name": "Status", "to": {"name": "Done"}}, None).ignored


def test_a_repository_is_a_project() -> None:
    """Its id stays when it gets another name."""
    renamed = deliver("renamed", kind="repository", repository={**REPOSITORY, "full_name": "octo/new"})
    assert (told(renamed), renamed.events[0].data) == ([("create", "project", "github-7")], Fields(name="octo/new", archived=False))
    assert told(deliver("deleted", kind="repository")) == [("delete", "project", "github-7")]


def test_the_same_delivery_has_the_same_ids() -> None:
    """So one that comes again after a lost answer counts once."""
    assert [event.id for event in deliver("opened", issue=issue()).events] == [
        event.id for event in deliver("opened", issue=issue()).events
    ]


@pytest.mark.parametrize(
    "payload", [{"issue": None}, {"issue": {"number": 4}}, {"issue": {"number": True, "node_id": "x"}}, {"repository": {}}]
)
def test_what_lacks_what_it_always_has_is_malformed(payload: dict[str, Any]) -> None:
    """The sentence says what."""
    with pytest.raises(Malformed, match="the payload"):
        deliver("opened", **{"issue": issue(), **payload})


def test_other_events_are_ignored() -> None:
    """With a word why."""
    assert deliver("created", kind="star").ignored == "events of the kind star mean nothing here"
    assert node_of(Delivery("d", "star", {})) == ""


@pytest.mark.parametrize(
    ("label", "priority"), [("P1", "urgent"), ("priority/low", "low"), ("HIGH", "high"), ("2", None), ("highlight", None)]
)
def test_labels_may_be_priorities(label: str, priority: str | None) -> None:
    """Words, or P0 to P4; a bare number is none."""
    data = deliver("opened", issue=issue(labels=[{"name": label}])).events[2].data
    assert data is not None
    assert (data.priority or None) == priority
