"""Durations and the choice of projects."""

import pytest

from cli.token import limits_of, scopes_of, seconds_of, token
from schemas.failure import UsageFailure


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h", 3600), ("7d", 604800)])
def test_durations(text: str, seconds: int) -> None:
    """A duration is a number and a unit."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "1w", "-1h", "0s", "1.5h", "1 h"])
def test_bad_durations(text: str) -> None:
    """Anything else is refused in one sentence that shows the form."""
    with pytest.raises(UsageFailure, match="90s or 1h"):
        seconds_of(text)


@pytest.mark.parametrize(("projects", "everything"), [(None, False), (["p"], True)])
def test_projects_are_said_once(projects: list[str] | None, everything: bool) -> None:  # noqa: FBT001
    """A token is for named projects or for all, never for neither or both."""
    with pytest.raises(UsageFailure, match="--project"):
        token("u", projects, everything=everything)


def test_only_known_scopes_are_given() -> None:
    """A typing error must not look like a right."""
    with pytest.raises(UsageFailure, match="admin, source"):
        token("u", ["p"], scope=["admni"])


@pytest.mark.parametrize(("user", "agent"), [(None, None), ("u", "a")])
def test_a_token_is_for_somebody(user: str | None, agent: str | None) -> None:
    """A person or an agent, never neither or both."""
    with pytest.raises(UsageFailure, match="--agent"):
        token(user, ["p"], agent=agent)


def test_what_narrows_a_token_is_checked() -> None:
    """By name; what is not given is no limit."""
    assert scopes_of(["admin"], ["claim"]) == ["admin", "tasks:claim"]
    assert limits_of(["b"], ["task"], "s", agent=True) == {"branches": ["b"], "entities": ["task"], "session": "s", "source": "mcp-ai"}
    assert limits_of([], [], None, agent=False) == {}
    with pytest.raises(UsageFailure, match="read, claim, write"):
        scopes_of([], ["all"])
    with pytest.raises(UsageFailure, match="subtask"):
        limits_of([], ["tasks"], None, agent=False)
