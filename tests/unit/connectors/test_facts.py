"""Changes become events with ids that only depend on what they say."""

import pytest

from connectors.board import Change
from connectors.facts import Moment, Origin, events, iso, project_change, slug, time_ms
from schemas.events import Event, Fields

ORIGIN = Origin("beads", "p", ".beads/issues.jsonl")
MOMENT = Moment("c0ffee", 1_700_000_000_123, 1_700_000_000_123)
CHANGE = Change("create", "task", "t", "p:main", data=Fields(title="T"))


def one(change: Change = CHANGE, origin: Origin = ORIGIN, moment: Moment = MOMENT) -> Event:
    """Return the event of one change."""
    return next(events(origin, moment, [change]))


def test_an_event_says_where_it_comes_from() -> None:
    """Origin, version, time and source come from the file's version."""
    event = one()
    assert (event.origin, event.version, event.source) == ("beads:p", MOMENT.number, "mcp-ai")
    assert event.occurred_at == "2023-11-14T22:13:20.123Z"
    assert (event.entity, event.action, event.branch_id, event.data) == ("task", "create", "p:main", Fields(title="T"))


def test_an_event_names_who_made_the_version_and_its_id_does_not_depend_on_it() -> None:
    """What has no author is the tool's; so importing again what was imported without names changes nothing."""
    named = one(moment=Moment(MOMENT.name, MOMENT.number, MOMENT.time_ms, "Builder 3" + "!" * 200))
    assert named.session_id == ("Builder 3" + "!" * 200)[:128]
    assert one().session_id == "beads"
    assert named.id == one().id


def test_a_move_is_an_update_with_another_branch() -> None:
    """The log knows no moves."""
    assert one(Change("move", "task", "t", "p:other", data=Fields())).action == "update"


def test_the_same_content_has_the_same_id_and_other_content_another() -> None:
    """Project, path, version, row, kind, place and content all count."""
    others = [
        one(Change("create", "task", "t", "p:main", data=Fields(title="U"))),
        one(Change("update", "task", "t", "p:main", data=Fields(title="T"))),
        one(Change("create", "task", "u", "p:main", data=Fields(title="T"))),
        one(Change("create", "subtask", "t", "p:main", data=Fields(title="T"))),
        one(Change("create", "task", "t", "p:other", data=Fields(title="T"))),
        one(moment=Moment("beef", MOMENT.number, MOMENT.time_ms)),
        one(origin=Origin("beads", "q", ORIGIN.path)),
        one(origin=Origin("beads", "p", "other.jsonl")),
        one(origin=Origin("task-master", "p", ORIGIN.path)),
    ]
    assert one().id == one().id
    assert len({one().id, *(event.id for event in others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Task Master", "task-master"),
        ("  A/B  C ", "a-b-c"),
        ("beads", "beads"),
        ("v1.0_x", "v1.0_x"),
        ("///", "project"),
        ("x" * 90, "x" * 48),
    ],
)
def test_a_projects_id_is_the_slug_of_its_name(name: str, expected: str) -> None:
    """Lower case, dashes for everything that is awkward in an address, never empty."""
    assert slug(name) == expected


def test_a_project_is_announced_by_name() -> None:
    """The id is the project's own."""
    change = project_change("p", "My P")
    assert (change.entity, change.id, change.data) == ("project", "p", Fields(name="My P"))


def test_times_have_24_characters() -> None:
    """Milliseconds are kept."""
    assert iso(5) == "1970-01-01T00:00:00.005Z"


@pytest.mark.parametrize(
    ("text", "zone", "ms"),
    [
        ("1970-01-01 00:00:01.5", "UTC", 1500),
        ("1970-01-01 02:00:01.5+02", "UTC", 1500),
        ("1970-01-01 05:30:01.5+05:30", "UTC", 1500),
        ("1970-01-01 01:00:01.500000", "Europe/Berlin", 1500),
        ("infinity", "UTC", 5),
        ("0044-03-15 12:00:00 BC", "UTC", 5),
        ("0001-01-01 00:00:00+14", "UTC", 5),
        (None, "UTC", 5),
    ],
)
def test_times_with_and_without_a_zone(text: str | None, zone: str, ms: int) -> None:
    """Whatever is no time of ours is the default."""
    assert time_ms(text, zone, 5) == ms
