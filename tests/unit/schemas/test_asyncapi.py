"""The AsyncAPI document speaks of nothing that is not there."""

from collections.abc import Iterator
from typing import Any

from schemas.asyncapi import CHANNELS, document
from schemas.bundle import bundle
from schemas.topics import TOPICS


def references(part: Any) -> Iterator[str]:  # noqa: ANN401  because it is any JSON
    """Give every reference in a document."""
    if isinstance(part, dict):
        yield from ([part["$ref"]] if "$ref" in part else [])
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_reference_leads_somewhere() -> None:
    """Inside the document, or to a definition of the bundle."""
    whole = document()
    definitions = bundle()["$defs"]
    for reference in references(whole):
        file, _, path = reference.partition("#/")
        target: Any = {"$defs": definitions} if file else whole
        for name in path.split("/"):
            target = target[name]
        assert target


def test_every_topic_is_a_channel() -> None:
    """With the address that it has in Kafka."""
    assert {channel.address for channel in CHANNELS.values() if channel.server == "kafka"} == set(TOPICS)


def test_every_message_is_used() -> None:
    """By an operation of its channel."""
    used = {reference.rpartition("/")[2] for operation in document()["operations"].values() for reference in references(operation)}

    assert {name for channel in CHANNELS.values() for name in channel.messages} <= used
