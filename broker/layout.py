"""Which topics there are and how many partitions they have: all that a client without rights to settings may ask."""

from collections.abc import Iterable

from broker.asking import asking
from broker.connection import KafkaSettings
from schemas.topics import TOPICS


async def partition_counts(settings: KafkaSettings, names: Iterable[str] = TOPICS) -> dict[str, int]:
    """Return how many partitions each of these topics has: 0 of one that is not there, or not for this user. Raises `Failure`."""
    wanted = list(names)
    async with asking(settings) as admin:
        found = await admin.describe_topics([settings.topic(name) for name in wanted])
    sizes = {topic["topic"]: 0 if topic["error_code"] else len(topic["partitions"]) for topic in found}
    return {name: sizes.get(settings.topic(name), 0) for name in wanted}


def missing(settings: KafkaSettings, topic: str) -> str:
    """Return the end of a sentence about a topic that is not there: Kafka names none to a user who may not know of it."""
    hint = f", or give the user {settings.sasl_username} its rights" if settings.security_protocol.startswith("SASL") else ""
    return f"has no topic {topic}: make it with `anabranch topics apply`{hint}."
