"""Laws of what a client's error means."""

import logging
from contextlib import ExitStack

import pytest
from aiokafka.errors import InvalidReplicationFactorError, RecordTooLargeError, TopicAuthorizationFailedError

from broker.connection import KafkaSettings
from broker.reach import failure_of, quiet_clients, reaching
from schemas.failure import Failure, Refused

NOBODY = KafkaSettings(bootstrap="127.0.0.1:1")


@pytest.mark.parametrize(
    ("error", "final", "words"),
    [
        (TopicAuthorizationFailedError({"cascades"}), True, r"does not allow this client to do that \(cascades\).*roles\.yaml"),
        (InvalidReplicationFactorError("2"), False, "too few brokers"),
        (RecordTooLargeError("big"), False, "answered with an error"),
        (TimeoutError(), False, "No Kafka answers at 127.0.0.1:1"),
    ],
)
async def test_an_error_is_one_sentence(error: Exception, final: bool, words: str) -> None:  # noqa: FBT001  a law's parameter
    """With what to do; only what the same request can never get is final."""
    with pytest.raises(Failure, match=words) as failure:
        async with reaching(NOBODY):
            raise error
    assert isinstance(failure.value, Refused) == final
    assert "\n" not in str(failure.value)


async def test_a_failure_stays_as_it_is() -> None:
    """What is a sentence already is not said again."""
    with pytest.raises(Failure, match=r"^as it was$"):
        async with reaching(NOBODY):
            raise Failure("as it was")


async def test_the_user_is_named() -> None:
    """So that somebody can give it the right."""
    settings = KafkaSettings.model_validate({"security_protocol": "SASL_SSL", "sasl_username": "anna", "sasl_password": "x"})
    assert "allow the user anna to" in str(await failure_of(settings, TopicAuthorizationFailedError()))


def test_quiet_ends_with_the_last_who_wants_it() -> None:
    """Whoever came first may go first."""
    logger = logging.getLogger("aiokafka")
    before = logger.level
    first, second = ExitStack(), ExitStack()
    first.enter_context(quiet_clients())
    second.enter_context(quiet_clients())
    first.close()
    assert logger.level == logging.CRITICAL
    second.close()
    assert logger.level == before
