"""What a worker writes, an edge can read: every row and every message, whatever the log holds."""

from hypothesis import example, given

from api.feed import rows_of
from api.replica import public, read
from schemas.messages import Outcome, decode_message
from streams.domain.records import Record
from tests.property.streams.strategies import logs
from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, record


@example([record(0, event("context c")), record(1, event("context c", "delete")), record(2, event("member m"))])
@given(logs())
def test_an_edge_reads_all_that_a_worker_writes(log: list[Record]) -> None:
    """None of it is taken for a broken record, which an edge would pass over: contexts without a branch, tombstones, members."""
    worker = Worker().run(log)
    worker.settle()
    for out in worker.sent:
        message = decode_message(out.value or b"")
        if not isinstance(message, Outcome):
            rows_of(message)
    for key, value in worker.store.values.items():
        if not key.startswith(b"offset/"):
            read(public(value))
