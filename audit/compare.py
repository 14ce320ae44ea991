"""Expected rows beside found rows. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from audit.fold import Key
from audit.tally import Expected
from schemas.rows import ROW_TYPES, Row, Tombstone, decode_row
from schemas.topics import row_key, split_key

KINDS: Final = ("project", "branch", "task", "subtask", "context", "member", "activity", "letter")
_WHOLE: Final = "row"


class Difference(Struct, frozen=True):
    """One field that is not as expected; field `row` = the row as a whole is missing, or should not be there."""

    where: str
    key: str
    field: str
    expected: Any
    found: Any


class Verdict(Struct):
    """How one place (`task-state`, `edge`) compares. `agree` and `rows` count by kind; `skipped` are rows newer than the recount."""

    where: str
    agree: Counter[str] = msgspec.field(default_factory=Counter)
    rows: Counter[str] = msgspec.field(default_factory=Counter)
    skipped: int = 0
    differences: list[Difference] = msgspec.field(default_factory=list)


def compare_state(expected: Expected, found: dict[bytes, bytes], verdict: Verdict) -> None:
    """Compare the rows of one partition with the newest value per key of `task-state`."""
    rows: dict[Key, Row | str] = {}
    for key, value in found.items():
        kind, project_id, row_id = split_key(key)
        if kind in KINDS:
            rows[kind, project_id, row_id] = _decoded(kind, value)
    for key3, row in expected.rows.items():
        _compare(key3, row, rows.pop(key3, None), verdict)
    for key3, extra in rows.items():
        if key3 in expected.optional and isinstance(extra, Tombstone):
            continue
        _compare(key3, None, extra, verdict)


def compare_edge(expected: Iterable[Expected], answer: dict[str, Any], through: dict[str, int], verdict: Verdict) -> None:
    """Compare the live branches and projects with a bulk answer. through: end of the recount per project of the answer.

    Branches are known by their row's own project and id: where two projects have a branch of the same id, the answer's key differs.
    """
    wanted = {key: row for one in expected for key, row in one.rows.items() if key[0] in {"branch", "project"}}
    found: dict[Key, Any] = {("project", row_id, row_id): row for row_id, row in answer["projects"].items()}
    found |= {("branch", str(row.get("project_id")), str(row.get("id"))): row for row in answer["summaries"].values()}
    ahead = {name for name, at in answer["metadata"]["positions"].items() if at["position"]["offset"] > through.get(name, 0)}
    for key, row in wanted.items():
        given = found.pop(key, None)
        if given is None and isinstance(row, Tombstone):
            continue
        if _is_newer(given, key[1], through, ahead):
            verdict.skipped += 1
        else:
            _compare(key, row, None if given is None else _converted(key[0], given), verdict)
    for key, given in found.items():
        if _is_newer(given, key[1], through, ahead):
            verdict.skipped += 1
        else:
            _compare(key, None, _converted(key[0], given), verdict)


def _is_newer(given: dict[str, Any] | None, project_id: str, through: dict[str, int], ahead: set[str]) -> bool:
    """Say whether the edge may know more than the recount: a newer row, or none because it was deleted since."""
    if given is None:
        return project_id in ahead
    newer: bool = given.get("stamp", -1) >= through.get(project_id, 0)
    return newer


def _decoded(kind: str, value: bytes) -> Row | str:
    try:
        return decode_row(kind, value)
    except msgspec.DecodeError as error:
        return f"not a row: {error}"


def _converted(kind: str, value: dict[str, Any]) -> Row | str:
    try:
        row: Row = msgspec.convert(value, ROW_TYPES[kind])
    except msgspec.ValidationError as error:
        return f"not a row: {error}"
    return row


def _compare(key: Key, expected: Row | None, found: Row | str | None, verdict: Verdict) -> None:
    verdict.rows[key[0]] += 1
    different = list(_fields(expected, found))
    if not different:
        verdict.agree[key[0]] += 1
    name = row_key(*key).decode()
    verdict.differences += [Difference(verdict.where, name, field, want, have) for field, want, have in different]


def _fields(expected: Row | None, found: Row | str | None) -> Iterator[tuple[str, Any, Any]]:
    if expected is None or found is None or isinstance(found, str) or type(expected) is not type(found):
        yield _WHOLE, _named(expected), _named(found)
        return
    for field in expected.__struct_fields__:
        want, have = getattr(expected, field), getattr(found, field)
        if want != have:
            yield field, msgspec.to_builtins(want), msgspec.to_builtins(have)


def _named(row: Row | str | None) -> str:
    if row is None:
        return "no row"
    if isinstance(row, str):
        return row
    return f"a {'tombstone' if isinstance(row, Tombstone) else 'live row'} with stamp {row.stamp}"


def by_kind(counts: Counter[str]) -> dict[str, int]:
    """Return counts in the order in which kinds contain each other."""
    totals: defaultdict[str, int] = defaultdict(int, counts)
    return {kind: totals[kind] for kind in KINDS}
