"""The generator is worth its name: what the laws are about really happens in the logs that it draws, again and again."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import Phase, event, given, settings

from schemas.events import Event
from schemas.rows import BranchSummary, ProjectSummary, Tombstone
from schemas.topics import row_key
from schemas.words import BREAKDOWN_NAMES
from streams.domain.decode import decode
from streams.domain.records import Record, Step
from tests.property.streams.strategies import logs
from tests.property.streams.world import Worker

_EXAMPLES: Final = 150
_MANY: Final = 10
_LEAST: Final = {
    "poison": 20,
    "a stamp that holds": 10,
    "a stamp that does not hold": 10,
    "stale of beads": 3,
    "stale of jira": 3,
    "late": 10,
    "duplicate": 10,
    "an orphan": 5,
    "a patch of nothing": 10,
    "more names than are shown": 10,
    "ids beyond ASCII": 30,
    "a branch goes": 10,
    "a branch of many goes": 2,
    "a task comes back": 5,
    "a branch comes back": 5,
}
_DROPS: Final = {"late": "late", "duplicate": "duplicate", "orphan": "an orphan", "unknown": "a patch of nothing", "poison": "poison"}


def kinds(record: Record, step: Step, *, was_gone: bool) -> Iterator[str]:
    """Give the names of what happened in a step of one record."""
    yield from (_DROPS[name] for name in step.counts if name in _DROPS)
    yield from ("more names than are shown" for node in step.rows.values() if _is_wide(node.row))
    found = decode(record)
    if not isinstance(found, Event):
        return
    if found.if_stamp is not None and step.counts:
        yield "a stamp that does not hold" if "conflict" in step.counts else "a stamp that holds"
    if "stale" in step.counts:
        yield f"stale of {found.origin}"
    if "applied" in step.counts:
        yield from _applied(found, step, was_gone=was_gone)


def _applied(found: Event, step: Step, *, was_gone: bool) -> Iterator[str]:
    if not found.entity_id.isascii():
        yield "ids beyond ASCII"
    if was_gone and found.action == "create" and found.entity in {"task", "branch"}:
        yield f"a {found.entity} comes back"
    if found.entity == "branch" and found.action == "delete":
        yield "a branch goes"
        if sum(isinstance(node.row, Tombstone) for node in step.rows.values()) > _MANY:
            yield "a branch of many goes"


def _is_wide(row: object) -> bool:
    return isinstance(row, BranchSummary | ProjectSummary) and len(row.status_breakdown) > BREAKDOWN_NAMES


def seen_in(log: list[Record]) -> Counter[str]:
    """Fold a log record by record; return how often each kind of thing happened."""
    worker, seen = Worker(), Counter[str]()
    for record in log:
        found = decode(record)
        node = worker.store.get(row_key(found.entity, found.project_id, found.entity_id)) if isinstance(found, Event) else None
        seen.update(kinds(record, worker.take([record]), was_gone=node is not None and node.deleted))
    return seen


@pytest.mark.timeout(180)
def test_every_kind_of_thing_happens() -> None:
    """In so many logs, each of them at least so often: a law that never meets it would prove nothing."""
    total: Counter[str] = Counter()

    @settings(max_examples=_EXAMPLES, derandomize=True, database=None, phases=[Phase.generate])
    @given(logs())
    def look(log: list[Record]) -> None:
        seen = seen_in(log)
        total.update(seen)
        for kind in sorted(seen):
            event(kind)

    look()
    assert {kind: total[kind] for kind, least in _LEAST.items() if total[kind] < least} == {}
