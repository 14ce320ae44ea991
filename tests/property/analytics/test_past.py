"""Laws of the past: wherever a rebuild begins, the rows are those of the whole fold; history ends where the present is."""

from hypothesis import given
from hypothesis import strategies as st

from broker.burndown import BurnDowns, burn_down, only
from broker.records import Record as Read
from cli.refold import Refold
from schemas.rows import ProjectSummary, decode_row
from schemas.topics import row_key
from streams.domain.records import Record
from tests.property.streams.strategies import logs
from tests.property.streams.world import NUMBER, Worker


def read(log: list[Record]) -> list[Read]:
    """Return a log as analytics reads it."""
    return [Read(record.offset, record.timestamp_ms, record.key, record.value, record.headers) for record in log]


@given(logs(), st.data())
def test_a_rebuild_from_any_snapshot_gives_the_rows_of_the_whole_fold(log: list[Record], data: st.DataObject) -> None:
    """Byte by byte, the worker's memory in them included."""
    cut = data.draw(st.integers(0, len(log)))
    early, late = read(log[:cut]), read(log[cut:])
    begun = Refold(NUMBER, log[0].offset if log else 0, {})
    if early:
        begun.take(early)
    through = early[-1].offset + 1 if early else 0
    went_on = Refold(NUMBER, through, dict(begun.rows()))
    if late:
        went_on.take(late)
    if log:
        assert went_on.rows() == Worker().run(log).store.values


@given(logs())
def test_a_burn_down_ends_at_the_present(log: list[Record]) -> None:
    """And never says more done than there is."""
    project = b"p"
    key = row_key("project", "p", "p")
    fold = Refold(NUMBER, 0, {})
    points = list(burn_down(fold, key, only(read(log), project), "hour"))
    value = fold.row(key)
    row = None if value is None else decode_row("project", value)
    if isinstance(row, ProjectSummary):
        assert points[-1].total == row.total_tasks
        assert points[-1].completed == row.completed_tasks
    assert all(point.completed + point.open <= point.total for point in points)
    assert [point.at for point in points] == sorted(point.at for point in points)


@given(logs(), st.data())
def test_a_burn_down_that_goes_on_is_that_of_the_whole_log(log: list[Record], data: st.DataObject) -> None:
    """Wherever it was interrupted, also where another process goes on; by the hour and by the day, of the project and of each branch."""
    records = only(read(log), b"p")
    cut = data.draw(st.integers(0, len(records)))
    downs = BurnDowns(Refold(NUMBER, 0, {}))
    downs.take(records[:cut])
    if data.draw(st.booleans(), "elsewhere"):
        before, downs = downs, BurnDowns(Refold(NUMBER, records[cut - 1].offset + 1 if cut else 0, {}))
        assert len(list(downs.unpack(before.packed()))) >= (cut > 0)
    downs.take(records[cut:])
    for key in (row_key("project", "p", "p"), row_key("branch", "p", "main"), row_key("branch", "p", "b/1")):
        for by in ("hour", "day"):
            whole = list(burn_down(Refold(NUMBER, 0, {}), key, records, by))
            told = downs.of(key, by)
            assert [point for point in told if point in whole] == whole
            assert (told[-1:] or None) == (whole[-1:] or None) or told[-1].open == whole[-1].open
