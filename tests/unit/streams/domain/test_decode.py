"""From bytes to an event or a reason."""

import pytest

from schemas.events import Event
from streams.domain.decode import Poison, decode
from streams.domain.records import Record
from tests.unit.streams.domain.scene import event, record

HEAD = b'{"id":"a","entity":"task","action":"create","project_id":"p","entity_id":"t","occurred_at":"2026-11-23","source":"user"'


def good(one: Event) -> Event:
    """Return an event as the fold reads it."""
    result = decode(record(0, one, key=one.project_id.encode()))
    assert isinstance(result, Event)
    return result


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (HEAD + b"}" + b" " * 256 * 1024, "too-large"),
        (HEAD + b',"unknown":"\xff"}', "bad-utf8"),
        (HEAD + b',"unknown":' + b"[" * 32 + b"]" * 32 + b"}", "too-deep"),
        (HEAD + b',"unknown":' + b'{"a":' * 5000, "too-deep"),
        (b"", "bad-json"),
        (HEAD, "bad-json"),
        (HEAD + b',"data":{"progress_percentage":NaN}}', "bad-json"),
        (b'{"id":"a"}', "bad-shape"),
        (HEAD + b',"data":{"title":5}}', "bad-shape"),
        (HEAD.replace(b"user", b"robot") + b"}", "bad-shape"),
        (HEAD.replace(b"create", b"paint") + b"}", "bad-action"),
        (HEAD.replace(b"task", b"list") + b"}", "bad-entity"),
        (HEAD.replace(b'"p"', b'"q"') + b"}", "bad-key"),
        (HEAD.replace(b"2026-11-23", b"soon") + b"}", "bad-time"),
        (HEAD + b',"schema":2}', "bad-schema"),
        (HEAD.replace(b'"a"', b'""') + b"}", "bad-shape"),
        (HEAD.replace(b'"t"', b'""') + b"}", "bad-shape"),
        (HEAD.replace(b"task", b"project") + b"}", "bad-id"),
        (HEAD + b',"branch_id":"' + b"x" * 129 + b'"}', "bad-shape"),
        (HEAD + b',"correlation_id":"' + b"x" * 129 + b'"}', "bad-shape"),
        (HEAD + b',"version":9223372036854775808}', "bad-shape"),
        (HEAD + b',"data":{"title":"' + b"x" * 2001 + b'"}}', "bad-shape"),
        (HEAD + b',"data":{"status":"' + b"x" * 65 + b'"}}', "bad-shape"),
        (HEAD + b',"data":{"labels":[' + b'"",' * 1000 + b'""]}}', "bad-shape"),
    ],
)
def test_poison_has_a_reason(value: bytes | None, reason: str) -> None:
    """Whatever a record holds, it is an event or has one reason why not, and the detail tells nothing of the content."""
    result = decode(Record(0, 0, b"p", value))

    assert isinstance(result, Poison)
    assert result.reason == reason
    assert result.detail


def test_a_missing_key_is_poison() -> None:
    """Without a key nothing would say which project the record belongs to."""
    assert decode(Record(0, 0, None, HEAD + b"}")) == Poison("bad-key", "the key of the record is not the event's project_id")


def test_nesting_is_counted_outside_of_text() -> None:
    """Brackets inside of text, beside each other, or 32 deep are fine; unknown fields are ignored."""
    text = b',"data":{"title":"' + rb"\"[{" * 40 + b'"}'
    beside = b',"unknown":[' + b"[]," * 40 + b"[]]"
    deep = b',"more":' + b"[" * 31 + b"]" * 31

    assert isinstance(decode(Record(0, 0, b"p", HEAD + text + beside + deep + b"}")), Event)


def test_names_are_made_canonical() -> None:
    """Aliases of actions, branches and times are gone after decoding."""
    result = good(event("task t", "completed", git_branch_id="b", occurred_at="2026-11-23 14:00+02:00"))

    assert (result.action, result.branch_id, result.occurred_at) == ("patch", "b", "2026-11-23T12:00:00.000Z")
    assert result.data is not None
    assert result.data.status == "done"


def test_completed_keeps_the_other_fields() -> None:
    """`completed` sets the status to done, whatever the payload says, and patches the rest."""
    result = good(event("task t", "completed", {"title": "x", "status": "todo"}))

    assert result.data is not None
    assert (result.data.title, result.data.status) == ("x", "done")


@pytest.mark.parametrize(
    ("own", "data", "branch"),
    [
        ({"branch_id": "a"}, {"branch_id": "b"}, "a"),
        ({}, {"branch_id": "b", "git_branch_id": "c"}, "b"),
        ({"git_branch_id": "g"}, {"git_branch_id": "c"}, "g"),
        ({}, {"git_branch_id": "c"}, "c"),
        ({"branch_id": ""}, {}, None),
        ({}, None, None),
        ({"git_branch_id": "g"}, None, "g"),
    ],
)
def test_a_branch_may_be_named_anywhere(own: dict[str, str], data: dict[str, str] | None, branch: str | None) -> None:
    """The event's own name of the branch comes first, then the payload's, then the old names."""
    assert good(event("task t", "update", data, **own)).branch_id == branch


def test_a_task_may_be_named_in_the_payload() -> None:
    """So may the task of a subtask."""
    assert good(event("subtask s", data={"task_id": "b"})).task_id == "b"
    assert good(event("subtask s", data={"task_id": "b"}, task_id="a")).task_id == "a"


@pytest.mark.parametrize("branch", [{"branch_id": "b"}, {"git_branch_id": "b"}, {}], ids=["branch", "old name", "none"])
def test_a_context_may_name_its_task_in_the_payload_beside_a_branch(branch: dict[str, str]) -> None:
    """The branch that is named does not hide the task; a task's own event has no task above it."""
    found = good(event("context c", data={"task_id": "t"}, **branch))
    assert (found.task_id, found.branch_id) == ("t", "b" if branch else None)
    assert good(event("context c", data={"task_id": "t"}, task_id="u", **branch)).task_id == "u"
