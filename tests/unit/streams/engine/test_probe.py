"""A worker starts only on topics that fit together."""

import pytest

from broker.connection import KafkaSettings
from schemas.failure import Failure
from schemas.topics import CASCADES, DLQ, TASK_CHANGES, TASK_STATE
from streams.engine.probe import checked

SETTINGS = KafkaSettings()
_COUNTS = {TASK_CHANGES: 4, CASCADES: 4, TASK_STATE: 4, DLQ: 1}


def test_equal_counts_pass() -> None:
    """The dead letters may have a count of their own."""
    assert checked(_COUNTS, SETTINGS) == _COUNTS


def test_missing_topics_are_named_with_what_to_do() -> None:
    """One sentence names all that is missing and the command that makes it."""
    with pytest.raises(Failure, match=r"no topic cascades: make it with `anabranch topics apply`"):
        checked({**_COUNTS, CASCADES: 0}, SETTINGS)


def test_different_counts_are_refused() -> None:
    """Everything of a project lives in the partition of one number."""
    with pytest.raises(Failure, match="task-state 6"):
        checked({**_COUNTS, TASK_STATE: 6}, SETTINGS)
