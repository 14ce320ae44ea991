"""Names in the environment."""

import pytest

from api.settings import EdgeSettings
from cli.environment import names_of, refuse_unknown
from cli.options import Client
from schemas.failure import UsageFailure


def test_names_are_nested() -> None:
    """A nested setting is named by its path."""
    assert {"ANABRANCH_KAFKA", "ANABRANCH_KAFKA__BOOTSTRAP", "ANABRANCH_KAFKA__SASL_PASSWORD"} <= names_of(Client)
    assert {"ANABRANCH_LIMITS__FLUSH_MS", "ANABRANCH_HTTP__BODY_BYTES"} <= names_of(EdgeSettings)


def test_known_and_foreign_names_pass() -> None:
    """Our own names and those of others are no mistake."""
    refuse_unknown({"PATH": "/", "ANABRANCH_KAFKA__TOPIC_PREFIX": "x-", "ANABRANCH_TOKEN": "t", "ANABRANCH_TEST_HISTORIES": "."}, [Client])


def test_a_typing_error_is_named_with_the_nearest_name() -> None:
    """A misspelt name is refused and the right one is proposed; a strange one points at the list."""
    with pytest.raises(UsageFailure, match="did you mean ANABRANCH_KAFKA__BOOTSTRAP"):
        refuse_unknown({"ANABRANCH_KAFKA__BOOTSTRP": "x:1"}, [Client])
    with pytest.raises(UsageFailure, match="no setting: see"):
        refuse_unknown({"ANABRANCH_ZZZZZZZZZZZZZZ": "1"}, [Client])
