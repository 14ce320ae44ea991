"""Kafka is asked again where aiokafka has given up."""

import pytest
from aiokafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError

from streams.engine.patience import patiently


async def test_a_question_is_asked_until_it_is_answered() -> None:
    """However often nobody answered in time; a refusal is an answer."""
    left: list[Exception] = [KafkaTimeoutError(), KafkaTimeoutError()]

    async def ask() -> str:
        if left:
            raise left.pop()
        return "here"

    assert await patiently(ask) == "here"
    left.append(TopicAuthorizationFailedError())
    with pytest.raises(TopicAuthorizationFailedError):
        await patiently(ask)
