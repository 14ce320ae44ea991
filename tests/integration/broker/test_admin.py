"""Topics on a real broker."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from broker.admin import Applied, apply_topics, delete_topics, describe_topics, plan_topics
from broker.connection import KafkaSettings
from broker.embedded import EmbeddedKafka
from broker.epoch import end_offsets, read_epoch
from broker.topics import Configure, Create, Keep, Refuse, load_topics
from schemas.failure import Failure
from schemas.topics import CASCADES, TASK_STATE, TOPICS


async def test_applying_again_changes_nothing(topics: KafkaSettings) -> None:
    """The second apply does nothing and keeps the epoch."""
    before = await read_epoch(topics)
    assert await apply_topics(topics) == Applied((), (), None)
    assert await read_epoch(topics) == before


async def test_topics_are_as_the_file_says(topics: KafkaSettings) -> None:
    """Each topic exists with the partitions and all the settings of the profile."""
    found = {topic.name: topic for topic in await describe_topics(topics)}
    for wanted in load_topics("dev"):
        assert found[wanted.name].partitions == wanted.partitions == 4
        assert wanted.config.items() <= found[wanted.name].config.items()
    assert all(isinstance(action, Keep) for action in await plan_topics(topics))


async def test_epoch_is_one_row_in_each_partition(topics: KafkaSettings) -> None:
    """A life has one name, said once in each partition of task-state, before anything else is there."""
    epochs = await read_epoch(topics)
    assert sorted(epochs) == [0, 1, 2, 3]
    assert len(set(epochs.values())) == 1
    assert await end_offsets(topics, TASK_STATE) == dict.fromkeys(range(4), 1)
    assert await end_offsets(topics, CASCADES) == dict.fromkeys(range(4), 0)


async def test_topic_made_again_begins_a_new_epoch(topics: KafkaSettings) -> None:
    """Sequences start anew with a topic, so the epoch must too."""
    before = await read_epoch(topics)
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap)
    await admin.start()
    await admin.delete_topics([topics.topic(CASCADES)])
    await admin.close()
    while CASCADES in {topic.name for topic in await describe_topics(topics)}:
        pass  # the broker shows the change a moment later
    applied = await apply_topics(topics)
    assert applied.created == (CASCADES,)
    after = await read_epoch(topics)
    assert set(after.values()) == {applied.epoch}
    assert not set(after.values()) & set(before.values())
    assert await apply_topics(topics) == Applied((), (), None)


async def test_changed_settings_are_mended_and_others_kept(topics: KafkaSettings) -> None:
    """What the file names is set as it says; what somebody set besides stays."""
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap)
    await admin.start()
    resource = ConfigResource(ConfigResourceType.TOPIC, topics.topic(CASCADES), {"retention.ms": "1000", "flush.messages": "77"})
    await admin.alter_configs([resource])
    await admin.close()
    planned: dict[str, Configure] = {}
    while not planned:  # the broker shows the change a moment later
        planned = {action.name: action for action in await plan_topics(topics) if isinstance(action, Configure)}
    assert planned[CASCADES].changes["retention.ms"] == ("1000", "86400000")
    assert (await apply_topics(topics)).configured == (CASCADES,)
    (cascades,) = (topic for topic in await describe_topics(topics) if topic.name == CASCADES)
    assert (cascades.config["retention.ms"], cascades.config["flush.messages"]) == ("86400000", "77")
    assert (await apply_topics(topics)).configured == ()


async def test_other_partition_count_is_refused(topics: KafkaSettings) -> None:
    """Nothing is done when something must not be done."""
    assert all(isinstance(action, Refuse) for action in await plan_topics(topics, partitions=8))
    with pytest.raises(Failure, match="partitions cannot be changed in place") as failure:
        await apply_topics(topics, partitions=8)
    assert "\n" not in str(failure.value)


async def test_too_few_brokers_is_one_sentence(kafka: EmbeddedKafka) -> None:
    """The production profile on one broker says what is missing."""
    settings = KafkaSettings(bootstrap=kafka.bootstrap, topic_prefix="toofew-")
    with pytest.raises(Failure, match="too few brokers"):
        await apply_topics(settings, profile="prod")
    assert await describe_topics(settings) == ()


async def test_deleted_topics_are_gone(kafka: EmbeddedKafka) -> None:
    """Deleting takes all four, and only those of the prefix."""
    settings = KafkaSettings(bootstrap=kafka.bootstrap, topic_prefix="gone-")
    other = settings.model_copy(update={"topic_prefix": "stays-"})
    await apply_topics(settings)
    await apply_topics(other)
    await delete_topics(settings)
    assert [type(action) for action in await plan_topics(settings)] == [Create] * len(TOPICS)
    assert len(await describe_topics(other)) == len(TOPICS)
    await delete_topics(other)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "no-such-host.invalid:9092"])
async def test_missing_broker_is_one_sentence(address: str) -> None:
    """A wrong address is named with what to check, at once."""
    with pytest.raises(Failure, match=f"No Kafka answers at {address}"):
        await apply_topics(KafkaSettings(bootstrap=address))
