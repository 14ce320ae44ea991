"""A receipt as it is answered: the net effect, the rows, and their inverse as changes that a caller may send."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from api.protocol.receipt import Ledger, Touched, added, content, effects, net, sentence
from api.protocol.requests import ChangeRequest
from api.protocol.undo import REASONS, Left, Plan, plan_of
from schemas.moments import moment
from schemas.topics import row_key

Answer = dict[str, Any]
_ORDER: Final = ("task", "subtask", "branch", "project", "member", "context")


class Most(Struct, frozen=True):
    """How many rows and changes an answer names."""

    rows: int
    changes: int


class Account(Struct):
    """A session's receipt as it is answered, and what an undo goes by. changes: its whole plan. open: rows that are otherwise than before.

    left: the first rows that stay as they are, or wait for a change of the plan.
    """

    receipt: Answer
    changes: list[ChangeRequest]
    open: set[tuple[str, str, str]]
    left: list[Answer]


def account(session_id: str, ledgers: Sequence[Ledger], most: Most) -> Account:
    """Return what a session did to these projects and how it is taken back."""
    plans = [plan_of(ledger) for ledger in ledgers]
    rows = [row for ledger, plan in zip(ledgers, plans, strict=True) for row in rows_of(ledger, plan)]
    changes = [change for plan in plans for change in plan.changes]
    return Account(
        receipt=_receipt(session_id, ledgers, plans, rows, most) | _inverse(plans, changes, most),
        changes=changes,
        open={(row["project_id"], row["entity"], row["id"]) for row in rows if row["before"] != row["now"]},
        left=[row for row in rows if row["left"] is not None or row["undo"] is not None][: most.rows],
    )


def _inverse(plans: Sequence[Plan], changes: Sequence[ChangeRequest], most: Most) -> Answer:
    return {
        "undo": [msgspec.to_builtins(change) for change in changes[: most.changes]],
        "left": sum(len(plan.left) for plan in plans),
    }


def _receipt(session_id: str, ledgers: Sequence[Ledger], plans: Sequence[Plan], rows: Sequence[Answer], most: Most) -> Answer:
    """Return what `schemas.http.ReceiptAnswer` says, without its inverse."""
    total, (began, ended, seconds) = added([net(ledger) for ledger in ledgers]), _times(ledgers)
    return {
        "session_id": session_id,
        "summary": sentence(total, seconds),
        "began": began,
        "ended": ended,
        "seconds": seconds,
        "events": sum(ledger.span.events for ledger in ledgers),
        "projects": [ledger.project_id for ledger in ledgers],
        "net": {kind: msgspec.to_builtins(one) for kind, one in total.items()},
        "rows": list(rows[: most.rows]),
        "more": len(rows) > most.rows,
        "complete": all(ledger.whole or _sure(ledger, plan) for ledger, plan in zip(ledgers, plans, strict=True)),
    }


def rows_of(ledger: Ledger, plan: Plan) -> list[Answer]:
    """Return what became of each row that the session changed, tasks first; those that came and went within it are only counted."""
    acts = {(change.entity, change.entity_id): change.action for change in plan.changes}
    left = {(one.entity, one.id): one for one in plan.left}
    ordered = sorted(ledger.touched.values(), key=lambda touched: (_ORDER.index(touched.kind), touched.id))
    rows = [_row(ledger, touched, acts.get((touched.kind, touched.id)), left.get((touched.kind, touched.id))) for touched in ordered]
    unknown = [one for one in plan.left if one.reason == "past" and row_key(one.entity, ledger.project_id, one.id) not in ledger.touched]
    shown = [row for row in rows if row["effects"] != ["unchanged"] or row["undo"] or row["left"]]
    return shown + [_row(ledger, Touched(one.entity, one.id, None, None), None, one) for one in unknown]


def _row(ledger: Ledger, touched: Touched, act: str | None, left: Left | None) -> Answer:
    now = ledger.now.get(row_key(touched.kind, ledger.project_id, touched.id))
    before, after, there = (content(touched.kind, row) for row in (touched.before, touched.after, now))
    named = after or there or before or {}
    return {
        "project_id": ledger.project_id,
        "entity": touched.kind,
        "id": touched.id,
        "title": str(named.get("title") or named.get("name") or touched.id),
        "effects": effects(touched.kind, before, after),
        "before": before,
        "after": after,
        "now": there,
        "undo": act,
        "left": None if left is None else REASONS[left.reason],
        "changed_by": [] if left is None else [msgspec.to_builtins(who) for who in left.others],
    }


def _sure(ledger: Ledger, plan: Plan) -> bool:
    return all(touched.kept for touched in ledger.touched.values()) and all(one.reason != "past" for one in plan.left)


def _times(ledgers: Sequence[Ledger]) -> tuple[str, str, float | None]:
    """Return when the session began and ended, as it said, and the seconds between; None where that is no time."""
    began = min((ledger.span.began for ledger in ledgers), default="")
    ended = max((ledger.span.ended for ledger in ledgers), default="")
    first, last = moment(began), moment(ended)
    return began, ended, None if first is None or last is None else (last - first).total_seconds()
