"""The laws can fail: each way to lose or to double-count is built in on purpose, and a story that shows it is found."""

from typing import Any

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from tests.property.streams.broken import BROKEN
from tests.property.streams.ether import CASCADES, STATE
from tests.property.streams.lives import Life, Parts
from tests.property.streams.strategies import logs
from tests.property.streams.test_owner_laws import Story, returns, stories, told

_AHEAD = st.tuples(
    logs(20),
    st.tuples(
        st.builds(Life, batches=st.just((1,)), slow=st.just(STATE), crash_ms=st.sampled_from([5, 30]), commit_ms=st.just(10)),
        st.builds(
            Life, batches=st.just((1,)), pauses_ms=st.just((1,)), commit_ms=st.just(1), crash_ms=st.integers(3, 12), kept=st.just(0.0)
        ),
        st.just(Life()),
    ).map(list),
)
"""Rows that are late, a worker that dies before they come, and one that dies with its disk soon after."""


def _once(**fixed: Any) -> st.SearchStrategy[Story]:  # noqa: ANN401  fields of a life
    """Draw a log and one crash in the middle of it."""
    drawn = {"batches": st.sampled_from([(1,), (3,)]), "pauses_ms": st.just((10,)), "commit_ms": st.just(10)}
    drawn |= {"crash_ms": st.sampled_from([15, 60, 150, 400])} | {name: st.just(value) for name, value in fixed.items()}
    return st.tuples(logs(20), st.tuples(st.builds(Life, **drawn), st.just(Life(waits_ms=(7,)))).map(list))


_STORIES = {
    "stores first": _AHEAD,
    "commits before messages are out": _once(slow=CASCADES),
    "commits open windows": _once(),
    "loses tombstones": _once(),
    "takes gaps for known": returns(),
}
_SEARCH = settings(max_examples=4000, derandomize=True, database=None, deadline=None, phases=[Phase.generate])


def _fails(parts: Parts, story: Story) -> bool:
    try:
        return told(parts, story) != ""
    except (AssertionError, BaseExceptionGroup):  # a broken count may break a law of the world itself, or the owner
        return True


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BROKEN)
def test_the_laws_see_an_owner_that(name: str) -> None:
    """Somewhere among the stories is one that the broken owner does not survive; the real one survives that very story."""
    story = find(_STORIES.get(name, stories()), lambda one: _fails(BROKEN[name], one), settings=_SEARCH)
    assert told(Parts(), story) == ""
