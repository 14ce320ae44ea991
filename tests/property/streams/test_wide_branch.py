"""A branch of ten thousand tasks goes, and comes back empty."""

from schemas.events import encode_event
from streams.domain.records import Record
from tests.property.streams.recount import disagreement
from tests.property.streams.world import Client, Worker, live_rows
from tests.unit.streams.domain.scene import NOON_MS, event

_TASKS = 10_000


def test_ten_thousand_tasks_go_with_their_branch() -> None:
    """After its delete, a late change below it and its revival, only what came after it is there; the recount says the same."""
    told = [
        *(event(f"task {n}", branch_id="b", data={"status": "done"}, id=f"{n}") for n in range(_TASKS)),
        event("task other", branch_id="c"),
        event("branch b", "delete", source="user"),
        event("task 7", "update", branch_id="b", id="late"),
        event("branch b", "create", source="user", id="again"),
        event("task 8", "create", branch_id="b", id="anew"),
    ]
    log = [Record(offset, NOON_MS, b"p", encode_event(one)) for offset, one in enumerate(told)]
    worker = Worker().run(log, range(2_000, _TASKS, 2_000))
    worker.settle()
    rows = live_rows(worker.store)
    tasks = {key[2] for key in rows if key[0] == "task"}
    totals = [rows[key]["total_tasks"] for key in (("branch", "p", "b"), ("branch", "p", "c"), ("project", "p", "p"))]
    assert (tasks, totals) == ({"8", "other"}, [1, 1, 2])
    assert Client().apply(worker.sent).live() == rows
    assert disagreement(log, worker.store) == ""
