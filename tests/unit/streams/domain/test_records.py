"""What goes into a step and what comes out."""

from schemas.topics import row_key
from streams.domain.records import Record, Rows, Step
from tests.property.streams.world import Store


def test_a_store_is_rows() -> None:
    """Whatever has `get` and `children` can lend rows to a step."""
    rows: Rows = Store()

    assert rows.get(row_key("task", "p", "t")) is None
    assert list(rows.children(row_key("branch", "p", "b"))) == []


def test_steps_share_nothing() -> None:
    """Each step has collections of its own."""
    one, other = Step(1, 1, 0), Step(1, 1, 0)
    one.counts["applied"] = 1

    assert other.counts == {}
    assert Record(0, 0, None, None).headers == ()
