"""Where reading starts, and how batches lie to what was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.position import Fit, fit, start_of

_OFFSETS = st.integers(min_value=0, max_value=1_000)


@pytest.mark.parametrize(
    ("committed", "through", "beginning", "start"),
    [
        (None, -1, 0, 0),
        (None, 80, 0, 0),
        (None, 80, 30, 30),
        (50, 80, 0, 50),
        (80, 50, 0, 50),
        (80, -1, 0, 0),
        (50, 80, 60, 60),
    ],
)
def test_reading_starts_at_the_watermark_or_where_the_rows_end(committed: int | None, through: int, beginning: int, start: int) -> None:
    """The lower of what was committed and what the rows hold, all of the log without a commit, nothing below its beginning."""
    assert start_of(committed, through, beginning) == start


@given(committed=_OFFSETS, through=_OFFSETS, beginning=_OFFSETS)
def test_nothing_that_is_still_there_is_left_out(committed: int, through: int, beginning: int) -> None:
    """No start lies above the committed offset or the rows' end, unless the log no longer reaches down to them."""
    start = start_of(committed, through, beginning)
    assert start >= beginning
    assert start <= max(beginning, min(committed, through))


@pytest.mark.parametrize(
    ("begin", "end", "how"),
    [(3, 10, Fit.OLD), (3, 11, Fit.OVERLAP), (10, 12, Fit.NEXT), (11, 12, Fit.GAP)],
)
def test_a_batch_is_next_only_where_the_last_one_ended(begin: int, end: int, how: Fit) -> None:
    """With 10 expected: what ends there is old, what begins there is next, what begins above leaves a gap."""
    assert fit(10, begin, end) is how
