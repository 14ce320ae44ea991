"""Laws of receipts and undo, over the worker's own fold: what was changed alone goes back, what others changed is not touched."""

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from api.protocol.receipt import Ledger, content, live, net, sentence
from api.protocol.requests import ChangeRequest
from api.protocol.told import Most, account
from api.protocol.undo import Plan, plan_of
from api.receipts import feed
from broker.records import Record
from cli.refold import Refold
from schemas.events import Event, encode_event
from tests.property.streams.strategies import SMALL, START_MS, events, logs
from tests.property.streams.world import NUMBER

ROUNDS = 6
UNDOABLE = ("branch", "task", "subtask")
Rows = dict[bytes, object]


def read(log: Sequence[object]) -> list[Record]:
    """Return a log as the edge reads it."""
    return [Record(one.offset, one.timestamp_ms, one.key, one.value, one.headers) for one in log]  # type: ignore[attr-defined]


def ledger_of(log: Sequence[Record], *, whole: bool = True) -> Ledger:
    """Return the ledger of session `s` in project `p`."""
    ledger, fold = Ledger("s", "p", whole=whole), Refold(NUMBER, log[0].offset if log else 0, {})
    feed(ledger, fold, [record for record in log if record.key == b"p"])
    return ledger


def contents(ledger: Ledger, *kinds: str) -> Rows:
    """Return what makes up each live row of these kinds."""
    rows = {key: content(key.decode().split("/")[0], row) for key, row in ledger.now.items() if live(row) is not None}
    return {key: row for key, row in rows.items() if key.decode().split("/")[0] in kinds}


def appended(log: Sequence[Record], requests: Sequence[ChangeRequest]) -> list[Record]:
    """Return the log with these changes at its end, as somebody else's."""
    offset, clock = (log[-1].offset + 1, log[-1].timestamp_ms) if log else (0, START_MS)
    made = list(log)
    for number, request in enumerate(requests):
        fields = {name: value for name, value in msgspec.to_builtins(request).items() if name != "session_id"}
        own = {"id": f"undo-{offset + number}", "source": "user", "user_id": "boss", "occurred_at": "2026-11-24T00:00:00.000Z"}
        event = msgspec.convert(fields | own, Event)
        made.append(Record(offset + number, clock, b"p", encode_event(event)))
    return made


def undone(log: Sequence[Record]) -> tuple[Ledger, Plan, list[Record]]:
    """Apply plans until there is none, or nothing moves; returns the end."""
    for _ in range(ROUNDS):
        plan = plan_of(ledger_of(log))
        if not plan.changes:
            break
        log = appended(log, plan.changes)
    ledger = ledger_of(log)
    return ledger, plan_of(ledger), list(log)


def of(event: Event, session: str | None, number: int) -> Event:
    """Return an event as one of project `p` by a session (or nobody), unlike all others, that asks for nothing."""
    entity_id = "p" if event.entity == "project" else event.entity_id
    return msgspec.structs.replace(
        event, id=f"e{number}", project_id="p", entity_id=entity_id, session_id=session, if_stamp=None, origin=None, version=None
    )


def log_of(parts: Sequence[tuple[Event, str | None]]) -> list[Record]:
    """Return events of sessions as a log."""
    made = [of(event, session, number) for number, (event, session) in enumerate(parts)]
    return [Record(number, START_MS + number, b"p", encode_event(event)) for number, event in enumerate(made)]


BELOW = events().filter(lambda event: event.entity in UNDOABLE)


@settings(max_examples=60, deadline=None)
@given(st.lists(BELOW, max_size=12), st.lists(BELOW, min_size=1, max_size=12))
def test_an_undo_gives_what_was_there_before(before: list[Event], session: list[Event]) -> None:
    """Where nobody else came: every branch, task and subtask is as it was, or the plan says which is left; another undo is none."""
    past = log_of([*((event, None) for event in SMALL), *((event, None) for event in before)])
    log = log_of([*((event, None) for event in [*SMALL, *before]), *((event, "s") for event in session)])
    ledger, plan, _ = undone(log)
    assert plan.changes == []
    assert {one.reason for one in plan.left} <= {"kind"}
    assert contents(ledger, *UNDOABLE) == contents(ledger_of(past), *UNDOABLE)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(BELOW, st.sampled_from(["s", "s", None])), min_size=1, max_size=24))
def test_what_others_changed_is_not_touched(parts: list[tuple[Event, str | None]]) -> None:
    """Rows that others changed after the session stand as they are, byte by byte what makes them up; and it comes to an end."""
    log = log_of([*((event, None) for event in SMALL), *parts])
    before = ledger_of(log)
    after, plan, _ = undone(log)
    theirs = [key for key, touched in before.touched.items() if touched.others]
    for key in theirs:
        kind = before.touched[key].kind
        assert content(kind, after.now[key]) == content(kind, before.now[key])
    untouched = before.now.keys() - before.touched.keys()
    for key in untouched:
        kind = key.decode().split("/")[0]
        assert content(kind, after.now[key]) == content(kind, before.now[key])
    assert plan.changes == []
    for key, touched in before.touched.items():
        if (
            touched.kind in UNDOABLE
            and not touched.others
            and content(touched.kind, after.now[key]) != content(touched.kind, touched.before)
        ):
            assert any((one.entity, one.id) == (touched.kind, touched.id) for one in plan.left)


@settings(max_examples=60, deadline=None)
@given(logs(), st.integers(0, 20))
def test_a_receipt_stands_whatever_the_log_holds(log: list[object], cut: int) -> None:
    """Junk, settled letters, stale and conditional events, clocks that jump; and when the log's beginning is gone, nothing is guessed."""
    for part, whole in ((read(log), True), (read(log)[cut:], False)):
        ledger = ledger_of(part, whole=whole)
        answer = account("s", [ledger], Most(10, 10)).receipt
        assert len(answer["rows"]) <= 10
        assert sentence(net(ledger), 4)
        plan = plan_of(ledger)
        assert all(change.if_stamp is not None for change in plan.changes)
        assert all(ledger.touched[key].kept for key in ledger.touched) or not whole
        named = {(change.entity, change.entity_id) for change in plan.changes}
        assert not named & {(one.kind, one.id) for one in ledger.touched.values() if not one.kept or one.others}
