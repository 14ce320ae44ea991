"""What a client's error means for a person."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from broker.connection import KafkaSettings
from schemas.failure import Failure

_DENIED = (ClusterAuthorizationFailedError, TopicAuthorizationFailedError)
_LOGIN = (AuthenticationFailedError, AuthenticationMethodNotSupported)


@contextmanager
def reaching(settings: KafkaSettings) -> Iterator[None]:
    """Turn the errors of Kafka's clients into a `Failure` that says what to do, and keep their log lines back."""
    try:
        with quiet_clients():
            yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise Failure(_sentence(settings, error)) from error


@contextmanager
def quiet_clients() -> Iterator[None]:
    """Keep aiokafka's own lines out of a person's terminal; what matters is raised and said in words."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _sentence(settings: KafkaSettings, error: Exception) -> str:
    where = settings.bootstrap
    if isinstance(error, _LOGIN):
        return f"Kafka at {where} refuses the user or the password: check the SASL settings."
    if isinstance(error, _DENIED):
        return f"Kafka at {where} does not allow this user to do that: it needs create, alter and describe on the topics."
    if isinstance(error, InvalidReplicationFactorError):
        return f"Kafka at {where} has too few brokers for the wanted replicas: start more, or use --profile dev."
    if isinstance(error, OSError) and not isinstance(error, TimeoutError) and error.filename:
        return f"{error.filename} cannot be read ({error.strerror}): check the TLS settings."
    if isinstance(error, KafkaError) and not error.retriable:
        return f"Kafka at {where} answered with an error: {error}."
    return f"No Kafka answers at {where}: check that it runs and that the address (HOST:PORT) is right."
