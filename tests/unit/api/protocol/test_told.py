"""A receipt as it is answered."""

from api.protocol.told import Most, account
from schemas.http import ReceiptAnswer
from tests.unit.api.protocol.past import BEFORE, event, ledger_of, log_of, past


def test_a_receipt_says_all_in_its_words() -> None:
    """The line, the times, the rows with what they were, and the changes that take it back."""
    ledger = past(
        *BEFORE,
        event("task t", status="done", occurred_at="2026-01-01T00:00:10Z"),
        event("task d", title="Mine", occurred_at="2026-01-01T00:00:14Z"),
        event("task x", "create", branch_id="b", occurred_at="2026-01-01T00:00:12Z"),
        event("task d", session=None, labels=["y"]),
        event("task x", "delete", occurred_at="2026-01-01T00:00:13Z"),
        event("task d", session=None, title="Theirs"),
    )
    answer = ReceiptAnswer.model_validate(account("s", [ledger], Most(10, 10)).receipt)
    assert (answer.summary, answer.seconds, answer.events, answer.complete) == ("1 done, 1 changed, in 4 s", 4.0, 4, True)
    assert [(row.id, row.title, row.effects, row.undo, row.left) for row in answer.rows] == [
        ("d", "Mine", ["changed"], None, "somebody else changed it since"),
        ("t", "Old", ["completed"], "patch", None),
    ]
    assert answer.rows[0].changed_by[0].user_id == "ann"
    assert answer.undo == [
        {"entity": "task", "action": "patch", "project_id": "p", "entity_id": "t", "if_stamp": 4, "data": {"status": "todo"}}
    ]


def test_it_is_bounded_and_says_so() -> None:
    """Rows and changes have a limit; counts include all."""
    ledger = past(*BEFORE, event("task t", status="done"), event("task d", title="x"), event("branch b", name="y"))
    answer = account("s", [ledger], Most(1, 2)).receipt
    assert (len(answer["rows"]), answer["more"], len(answer["undo"]), answer["net"]["task"]["completed"]) == (1, True, 2, 1)


def test_it_says_when_the_log_does_not_reach_back() -> None:
    """A row that is named only has no content, and a receipt of rows that are all sure is complete."""
    ledger = ledger_of(log_of([event("task a", title="x", occurred_at="soon")], 100), whole=False)
    answer = account("s", [ledger], Most(9, 9)).receipt
    assert (answer["complete"], answer["seconds"], answer["rows"][0]["left"]) == (
        False,
        None,
        "the log does not reach back to what it was before",
    )
    sure = log_of([event("branch b", "create", None), event("task a", "create", None, branch_id="b"), event("task a", title="x")], 100)
    assert account("s", [ledger_of(sure, whole=False)], Most(9, 9)).receipt["complete"]
