"""Topics on a real cluster: look at them, make them as wanted, and name their life (the epoch)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError

from broker.asking import asking, raise_first
from broker.connection import KafkaSettings
from broker.differences import Difference, differences
from broker.epoch import has_epoch, new_epoch, write_epoch
from broker.topics import PARTITIONED_ALIKE, Action, Configure, Create, Keep, Profile, Refuse, Topic, load_topics, plan
from schemas.failure import Failure
from schemas.topics import TASK_STATE, TOPICS

_SETTLE_TIMEOUT_S: Final = 30.0
_POLL_S: Final = 0.02
_OWN_SOURCE: Final = 1
"""Kafka's ConfigSource DYNAMIC_TOPIC_CONFIG: set on the topic itself."""


@dataclass(frozen=True)
class Applied:
    """What `apply_topics` did. epoch: the new one, None when the topics live on under theirs. Names are without prefix."""

    created: tuple[str, ...]
    configured: tuple[str, ...]
    epoch: str | None


async def plan_topics(settings: KafkaSettings, profile: Profile = "dev", partitions: int | None = None) -> tuple[Action, ...]:
    """Return what `apply_topics` would do. Raises `Failure` when Kafka cannot be asked."""
    desired = load_topics(profile, partitions=partitions)
    async with asking(settings) as admin:
        return plan(await _describe(admin, settings, [topic.name for topic in desired]), desired)


async def apply_topics(settings: KafkaSettings, profile: Profile = "dev", partitions: int | None = None) -> Applied:
    """Make the topics as `topics.yaml` wants them; doing it again changes nothing. Raises `Failure`, with nothing done, on a refusal.

    A life of the topics begins with an `epoch` row in each partition of `task-state`. It is written after `task-state` was made
    and before the others are, so however this ends, doing it again leaves no new topic under an old epoch.
    """
    actions = await plan_topics(settings, profile, partitions)
    refused = [action.sentence for action in actions if isinstance(action, Refuse)]
    if refused:
        more = f" The same holds for {len(refused) - 1} more." if len(refused) > 1 else ""
        raise Failure(refused[0] + more)
    async with asking(settings) as admin:
        return await _apply(admin, settings, actions)


async def verify_topics(settings: KafkaSettings, profile: Profile = "dev") -> tuple[Difference, ...]:
    """Return how the topics of a cluster differ from `topics.yaml`. Raises `Failure` when Kafka cannot be asked."""
    desired = load_topics(profile)
    async with asking(settings) as admin:
        return differences(await _describe(admin, settings, [topic.name for topic in desired]), desired)


async def describe_topics(settings: KafkaSettings, names: Sequence[str] = TOPICS) -> tuple[Topic, ...]:
    """Return those of these topics that exist, named without prefix. Raises `Failure`."""
    async with asking(settings) as admin:
        return await _describe(admin, settings, names)


async def delete_topics(settings: KafkaSettings) -> None:
    """Delete the topics of this deployment with all they hold. Raises `Failure`."""
    names = [settings.topic(topic.name) for topic in await describe_topics(settings)]
    async with asking(settings) as admin:
        answer: Any = await admin.delete_topics(names)
        raise_first(answer.topic_error_codes, UnknownTopicOrPartitionError)
        await _until(lambda: _none_exists(admin, names))


async def _apply(admin: AIOKafkaAdminClient, settings: KafkaSettings, actions: Iterable[Action]) -> Applied:
    missing: dict[str, Topic] = {}
    configured: list[str] = []
    for action in actions:
        match action:
            case Create(topic):
                missing[topic.name] = topic
            case Configure(name, changes):
                await _configure(admin, settings, name, {key: wanted for key, (_, wanted) in changes.items()})
                configured.append(name)
            case Keep() | Refuse():
                pass
            case _:
                assert_never(action)
    if TASK_STATE in missing:
        await _create(admin, settings, [missing[TASK_STATE]])
    epoch = None
    if missing.keys() & set(PARTITIONED_ALIKE) or not await has_epoch(settings):
        epoch = await write_epoch(settings, new_epoch())
    await _create(admin, settings, [topic for name, topic in missing.items() if name != TASK_STATE])
    return Applied(tuple(missing), tuple(configured), epoch)


async def _create(admin: AIOKafkaAdminClient, settings: KafkaSettings, topics: list[Topic]) -> None:
    if not topics:
        return
    wanted = [
        NewTopic(settings.topic(topic.name), topic.partitions, topic.replication, topic_configs=dict(topic.config)) for topic in topics
    ]
    answer: Any = await admin.create_topics(wanted)
    raise_first(answer.topic_errors, TopicAlreadyExistsError)
    await _until(lambda: _have_leaders(admin, [topic.name for topic in wanted]))


async def _have_leaders(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    found = await admin.describe_topics(names)
    return all(topic["error_code"] == 0 and all(part["leader"] >= 0 for part in topic["partitions"]) for topic in found)


async def _configure(admin: AIOKafkaAdminClient, settings: KafkaSettings, name: str, wanted: dict[str, str]) -> None:
    """Set some settings of a topic. The request replaces all that the topic has of its own, so the others are sent along."""
    (now,) = await _describe(admin, settings, [name])
    kept = {key: now.config[key] for key in now.own}
    answers: list[Any] = await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, settings.topic(name), {**kept, **wanted})],
    )
    for answer in answers:
        raise_first((resource[3], *resource[:2]) for resource in answer.resources)
    await _until(lambda: _has_config(admin, settings, name, wanted))


async def _has_config(admin: AIOKafkaAdminClient, settings: KafkaSettings, name: str, wanted: dict[str, str]) -> bool:
    (now,) = await _describe(admin, settings, [name])
    return wanted.items() <= now.config.items()


async def _none_exists(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    return all(topic["error_code"] != 0 for topic in await admin.describe_topics(names)) if names else True


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until brokers show what the controller has decided: they learn it a moment later. Raises `TimeoutError`."""
    async with asyncio.timeout(_SETTLE_TIMEOUT_S):
        while not await holds():  # noqa: ASYNC110  because the event is in Kafka
            await asyncio.sleep(_POLL_S)


async def _describe(admin: AIOKafkaAdminClient, settings: KafkaSettings, names: Sequence[str]) -> tuple[Topic, ...]:
    found = {topic["topic"]: topic for topic in await admin.describe_topics([settings.topic(name) for name in names])}
    here = [name for name in names if found[settings.topic(name)]["error_code"] == 0 and found[settings.topic(name)]["partitions"]]
    if not here:
        return ()
    resources = [ConfigResource(ConfigResourceType.TOPIC, settings.topic(name)) for name in here]
    configs = {resource[3]: resource[4] for answer in await admin.describe_configs(resources) for resource in _resources(answer)}
    # A topic that was deleted between the two questions has no settings: it does not exist.
    lasting = [name for name in here if settings.topic(name) in configs]
    return tuple(_topic(name, found[settings.topic(name)]["partitions"], configs[settings.topic(name)]) for name in lasting)


def _resources(answer: Any) -> list[Any]:  # noqa: ANN401  because aiokafka's responses have no types
    raise_first(((resource[3], *resource[:2]) for resource in answer.resources), UnknownTopicOrPartitionError)
    return [resource for resource in answer.resources if resource[0] == 0]


def _topic(name: str, partitions: list[dict[str, Any]], config: list[Any]) -> Topic:
    values = {entry[0]: str(entry[1]) for entry in config}
    own = frozenset(entry[0] for entry in config if entry[3] == _OWN_SOURCE)
    return Topic(name, len(partitions), len(partitions[0]["replicas"]), values, own)
