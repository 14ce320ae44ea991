"""What a client's error means for a person."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from broker.connection import KafkaSettings
from broker.refusal import why_refused
from schemas.failure import Failure, Refused

_LEVELS: Final[list[int]] = []
"""The level to go back to, once for each who wants quiet now: the last of them brings it back."""

_DENIED = (ClusterAuthorizationFailedError, TopicAuthorizationFailedError, GroupAuthorizationFailedError)


@asynccontextmanager
async def reaching(settings: KafkaSettings) -> AsyncIterator[None]:
    """Turn the errors of Kafka's clients into a `Failure` that says what to do, and keep their log lines back."""
    with quiet_clients():
        try:
            yield
        except (KafkaError, OSError, TimeoutError) as error:
            raise await failure_of(settings, error) from error


@contextmanager
def quiet_clients() -> Iterator[None]:
    """Keep aiokafka's own lines out of a person's terminal; what matters is raised and said in words. Several may ask for it at a time."""
    logger = logging.getLogger("aiokafka")
    _LEVELS.append(_LEVELS[0] if _LEVELS else logger.level)
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        level = _LEVELS.pop()
        if not _LEVELS:
            logger.setLevel(level)


async def failure_of(settings: KafkaSettings, error: Exception) -> Failure:
    """Return what a client's error means: `Refused` where asking again in the same way changes nothing."""
    where = settings.bootstrap
    if (found := denied(settings, error)) is not None:
        return found
    if isinstance(error, InvalidReplicationFactorError):
        return Failure(f"Kafka at {where} has too few brokers for the wanted replicas: start more, or use --profile dev.")
    if isinstance(error, KafkaError) and not error.retriable and not isinstance(error, KafkaConnectionError):
        return Failure(f"Kafka at {where} answered with an error: {error}.")
    return await why_refused(settings) or Failure(
        f"No Kafka answers at {where}: check that it runs and that the address (HOST:PORT) is right."
    )


def denied(settings: KafkaSettings, error: Exception) -> Refused | None:
    """Return what is to be said where a right is missing; None for any other error."""
    if not isinstance(error, _DENIED):
        return None
    what = sorted(error.args[0]) if error.args and isinstance(error.args[0], set | frozenset) else list(error.args)
    named = f" ({', '.join(map(str, what))})" if what else ""
    return Refused(
        f"Kafka at {settings.bootstrap} does not allow {_who(settings)} to do that{named}: "
        "give it the rights of its role (deploy/kafka/roles.yaml)."
    )


def _who(settings: KafkaSettings) -> str:
    return f"the user {settings.sasl_username}" if settings.security_protocol.startswith("SASL") else "this client"
