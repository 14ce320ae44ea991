"""The consumer group of the workers, as Kafka sees it: who is a member, who has which partition, what is committed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import GroupCoordinatorNotAvailableError

from broker.asking import CALL_MS, asking
from broker.connection import KafkaSettings
from broker.records import span_of
from schemas.topics import TASK_CHANGES

_PAUSE_S: Final = 0.1
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Member:
    """One member. partitions: those of `task-changes` that it was given."""

    name: str
    host: str
    partitions: frozenset[int]


@dataclass(frozen=True)
class Group:
    """state: Kafka's word (Stable, PreparingRebalance, Empty, Dead). begins, ends, committed: offsets of `task-changes` by partition."""

    name: str
    state: str
    members: tuple[Member, ...]
    begins: dict[int, int]
    ends: dict[int, int]
    committed: dict[int, int]
    brokers: int

    def owner(self, partition: int) -> Member | None:
        """Return the member that a partition was given to."""
        return next((member for member in self.members if partition in member.partitions), None)


async def describe_group(settings: KafkaSettings, application_id: str) -> Group:
    """Return the workers' group with the ends of the log. Raises `Failure` when Kafka cannot be asked."""
    topic, name = settings.topic(TASK_CHANGES), settings.topic(application_id)
    async with asking(settings) as admin:
        spans = await span_of(settings)
        described: Any = (await patiently(lambda: admin.describe_consumer_groups([name])))[0]
        committed = await admin.list_consumer_group_offsets(name)
        brokers = len((await admin.describe_cluster())["brokers"])
    _code, _name, state, _type, _protocol, members, *_ = described.groups[0]
    places = {place.partition: found.offset for place, found in committed.items() if place.topic == topic and found.offset >= 0}
    begins, ends = ({number: span[side] for number, span in spans.items()} for side in (0, 1))
    return Group(name, state, tuple(_member(member, topic) for member in members), begins, ends, places, brokers)


async def patiently(ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """Ask again while a new cluster still makes its topic of groups."""
    async with asyncio.timeout(CALL_MS / 1000):
        while True:
            try:
                return await ask()
            except GroupCoordinatorNotAvailableError:
                await asyncio.sleep(_PAUSE_S)


def _member(member: Any, topic: str) -> Member:  # noqa: ANN401  because aiokafka's responses have no types
    name, _client, host, _metadata, assignment, *_ = member
    given = ConsumerProtocolMemberAssignment.decode(assignment).assignment if assignment else ()
    numbers = {number for named, partitions in given if named == topic for number in partitions}
    return Member(name, host.lstrip("/"), frozenset(numbers))
