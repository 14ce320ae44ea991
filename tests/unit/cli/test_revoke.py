"""What is written into the file of revocations means to an edge what the command said."""

from pathlib import Path

import pytest

from api.protocol.access import Principal
from api.revocations import Revocations
from cli.revoke import line_of, revoke
from schemas.failure import UsageFailure


def test_lines_are_understood(tmp_path: Path) -> None:
    """A token by its id; of a user all tokens until now, and none from later; lines add up."""
    revoke(token_id="t", data=tmp_path)  # noqa: S106  it is a name, no password
    revoke(user="u", data=tmp_path)
    revocations = Revocations()
    revocations.load((tmp_path / "revoked").read_text())
    callers = [
        Principal("x", frozenset(), token_id="t"),  # noqa: S106  it is a name, no password
        Principal("u", frozenset(), issued_ms=1),
        Principal("u", frozenset(), issued_ms=1 << 50),
        Principal("x", frozenset()),
    ]
    assert [revocations.refusal(caller) is not None for caller in callers] == [True, True, False, False]
    assert revocations.wrong == 0


@pytest.mark.parametrize(("token_id", "user"), [(None, None), ("t", "u"), ("a b", None), (None, ""), (None, "a\nsub b")])
def test_one_thing_is_named(token_id: str | None, user: str | None) -> None:
    """Neither none nor both, and nothing that would be two lines."""
    with pytest.raises(UsageFailure):
        line_of(token_id, user, 1)
