"""The inverse of what a session did to a project, as changes that hold only where nobody changed the row since.

What is proposed is conditional (`if_stamp`), in an order in which no change disturbs the condition of the next. A row of which another
change is still in the way is proposed once that one is done: whoever applies a plan asks for the next one until it is empty.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from api.protocol.receipt import Content, Ledger, Touched, Who, content, live
from api.protocol.requests import ChangeRequest
from schemas.events import Fields
from schemas.rows import LiveRow, Row
from schemas.topics import row_key, split_key

Reason = Literal["changed-since", "kind", "past", "parent-deleted", "others-below", "later"]
REASONS: Final[dict[Reason, str]] = {
    "changed-since": "somebody else changed it since",
    "kind": "projects, members and contexts are not taken back by this",
    "past": "the log does not reach back to what it was before",
    "parent-deleted": "what it was in is deleted",
    "others-below": "somebody else has something in it",
    "later": "something in it is taken back first: ask again",
}
_UNDONE: Final = ("branch", "task", "subtask")
_ABOVE: Final = {"task": ("branch", "branch_id"), "subtask": ("task", "task_id")}
Act = Literal["create", "patch", "delete"]


class Left(Struct, frozen=True, omit_defaults=True):
    """A row that is left alone, why, and who has changed it."""

    entity: str
    id: str
    reason: Reason
    others: tuple[Who, ...] = ()


class Plan(Struct):
    """changes: in the order in which they are to be written. left: rows that differ from before the session and are not proposed."""

    changes: list[ChangeRequest]
    left: list[Left]


class _Inverse:
    """The plan of one ledger as it is made."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._below: dict[tuple[str, str], list[bytes]] = {}
        for key, row in ledger.now.items():
            kind = key[: key.find(b"/")].decode()
            if kind in _ABOVE and (there := live(row)) is not None:
                self._below.setdefault((_ABOVE[kind][0], getattr(there, _ABOVE[kind][1])), []).append(key)
            elif kind == "context" and (there := live(row)) is not None:
                self._below.setdefault(_home(there), []).append(key)
        self.reviving: set[bytes] = set()
        self.ending: set[bytes] = set()

    def act(self, key: bytes, touched: Touched) -> tuple[Act | None, Left | None]:
        """Return how a row is taken back, or why it is left alone; neither for one that is as it was, or that goes with its parent."""
        ledger, kind = self._ledger, touched.kind
        now = ledger.now.get(key)
        was, there = content(kind, touched.before), content(kind, now)
        if was == there:
            return None, None
        reason, others = self._reason(touched, was, there), touched.others
        if reason is None and was is None:
            if there is not None and self._above_ends(kind, there):
                self.ending.add(key)
                return None, None
            reason, others = self._in_the_way(kind, touched.id)
        if reason is not None:
            return None, Left(kind, touched.id, reason, tuple(dict.fromkeys(others)))
        act: Act = "delete" if was is None else "create" if there is None else "patch"
        (self.ending if act == "delete" else self.reviving).add(key)
        return act, None

    def _reason(self, touched: Touched, was: Content | None, there: Content | None) -> Reason | None:
        if touched.kind not in _UNDONE:
            return "kind"
        if touched.others:
            return "changed-since"
        if not touched.kept:
            return "past"
        home = _ABOVE.get(touched.kind)
        if was is not None and home is not None and (there is None or there[home[1]] != was[home[1]]):
            above = row_key(home[0], self._ledger.project_id, was[home[1]])
            if live(self._ledger.now.get(above)) is None and above not in self.reviving:
                return "parent-deleted"
        return None

    def _above_ends(self, kind: str, there: Content) -> bool:
        home = _ABOVE.get(kind)
        return home is not None and row_key(home[0], self._ledger.project_id, there[home[1]]) in self.ending

    def _in_the_way(self, kind: str, row_id: str) -> tuple[Reason | None, list[Who]]:
        """Return why a row that the session made cannot go: others' rows are in it, or rows that go elsewhere first; and whose."""
        waits = False
        for key in self._below.get((kind, row_id), ()):
            touched = self._ledger.touched.get(key)
            if touched is None or touched.others or not touched.kept:
                return "others-below", [_last(self._ledger.now[key])] if touched is None else touched.others
            if live(touched.before) is not None:
                waits = True
            elif (found := self._in_the_way(touched.kind, touched.id))[0] is not None:
                return found
        return ("later" if waits else None), []


def _home(context: LiveRow) -> tuple[str, str]:
    task_id = getattr(context, "task_id", None)
    return ("task", task_id) if task_id else ("branch", getattr(context, "branch_id", None) or "")


def _last(row: Row) -> Who:
    actor = getattr(row, "last_actor", None)
    return Who("system") if actor is None else Who(actor.source, actor.user_id, actor.session_id)


def plan_of(ledger: Ledger) -> Plan:
    """Return how the session's changes of a project are taken back, as the rows stand now."""
    inverse, plan = _Inverse(ledger), Plan([], [])
    ends: list[ChangeRequest] = []
    ordered = sorted(ledger.touched.items(), key=lambda pair: (_rank(pair[1].kind), pair[0]))
    for key, touched in ordered:
        act, left = inverse.act(key, touched)
        if left is not None:
            plan.left.append(left)
        elif act is not None:
            (ends if act == "delete" else plan.changes).append(_change(ledger, act, touched, ledger.now.get(key)))
    plan.changes += reversed(ends)
    plan.left += _lost(ledger)
    return plan


def _rank(kind: str) -> int:
    return _UNDONE.index(kind) if kind in _UNDONE else len(_UNDONE)


def _lost(ledger: Ledger) -> Iterator[Left]:
    """Yield the rows that the session named and of which the rest of the log knows nothing: what it did to them is not known."""
    if not ledger.whole:
        for key in ledger.named:
            if key not in ledger.touched and key not in ledger.now:
                kind, _, row_id = split_key(key)
                yield Left(kind, row_id, "past")


def _change(ledger: Ledger, act: Act, touched: Touched, now: Row | None) -> ChangeRequest:
    was, there = content(touched.kind, touched.before) or {}, content(touched.kind, now) or {}
    data = was if act == "create" else {name: value for name, value in was.items() if there.get(name) != value}
    homes: dict[str, Any] = {name: data.pop(name) for name in ("branch_id", "task_id") if name in data}
    return ChangeRequest(
        entity=touched.kind,
        action=act,
        project_id=ledger.project_id,
        entity_id=touched.id,
        if_stamp=None if now is None else now.stamp,
        data=None if act == "delete" else msgspec.convert(data, Fields),
        **({} if act == "delete" else homes),
    )
