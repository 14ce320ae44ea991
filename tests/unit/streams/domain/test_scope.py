"""One project inside a step."""

from schemas.topics import row_key
from streams.domain.scope import scope_of


def test_keys_are_the_public_keys() -> None:
    """A scope's keys are those of `schemas.topics`, whatever the ids hold."""
    for project_id in ("p", "a/b%", "проект"):
        scope = scope_of(project_id)
        assert scope.key == row_key("project", project_id, project_id)
        assert scope.key_of("task", "t/%1") == row_key("task", project_id, "t/%1")
