"""What a context belongs to."""

import pytest

from schemas.rows import ContextUpdate
from streams.domain.homes import home, home_of, split_home


@pytest.mark.parametrize(
    ("branch_id", "task_id", "text"), [(None, None, None), ("b", None, "branch:b"), ("b", "t", "task:t"), (None, "t:1", "task:t:1")]
)
def test_the_task_speaks_first(branch_id: str | None, task_id: str | None, text: str | None) -> None:
    """Then the branch; a context without either is the project's. Any id comes back as it was."""
    assert home(branch_id, task_id) == text
    assert home_of(ContextUpdate(id="c", project_id="p", branch_id=branch_id, task_id=task_id)) == text
    if text is not None:
        assert split_home(text) == (("task", task_id) if task_id else ("branch", branch_id))
