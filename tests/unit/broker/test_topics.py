"""Laws of topics as code."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from broker.deploy import deploy_file
from broker.topics import PARTITIONED_ALIKE, Configure, Create, Keep, Profile, Refuse, load_topics, parse_topics, plan
from schemas.failure import Failure
from schemas.topics import MAX_EVENT_BYTES, TASK_CHANGES, TASK_STATE, TOPICS

TEXT = deploy_file("topics.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("profile", "partitions", "replicas"), [("dev", 4, 1), ("prod", 12, 3)])
def test_file_describes_all_topics_alike(profile: Profile, partitions: int, replicas: int) -> None:
    """All four topics are described, and those that share keys share their partition count."""
    topics = {topic.name: topic for topic in load_topics(profile)}
    assert set(topics) == set(TOPICS)
    assert {topics[name].partitions for name in PARTITIONED_ALIKE} == {partitions}
    assert {topic.replication for topic in topics.values()} == {replicas}


@pytest.mark.parametrize("profile", ["dev", "prod"])
def test_file_keeps_the_promises(profile: Profile) -> None:
    """The log of record is kept for ever and takes the largest event; rows outlive an absent worker; values are what Kafka reports."""
    topics = {topic.name: topic.config for topic in load_topics(profile)}
    assert topics[TASK_CHANGES]["retention.ms"] == topics[TASK_CHANGES]["retention.bytes"] == "-1"
    assert int(topics[TASK_CHANGES]["max.message.bytes"]) > MAX_EVENT_BYTES
    assert 0 < int(topics[TASK_STATE]["min.compaction.lag.ms"]) < int(topics[TASK_STATE]["max.compaction.lag.ms"])
    assert all(config["unclean.leader.election.enable"] == "false" for config in topics.values())


def test_prod_survives_one_broker() -> None:
    """In production a record is acknowledged by two of three."""
    assert {(topic.replication, topic.config["min.insync.replicas"]) for topic in load_topics("prod")} == {(3, "2")}


def test_empty_cluster_gets_everything() -> None:
    """Whatever is missing is created as wanted."""
    desired = load_topics("dev")
    assert plan((), desired) == tuple(Create(topic) for topic in desired)


def test_planned_state_needs_no_plan() -> None:
    """A cluster that is as wanted is left alone, with whatever else it has."""
    desired = load_topics("dev")
    current = [replace(topic, config={**topic.config, "flush.ms": "1"}) for topic in desired] + [replace(desired[0], name="foreign")]
    assert plan(current, desired) == tuple(Keep(topic.name) for topic in desired)


def test_only_differences_are_configured() -> None:
    """A changed setting is named with its value now and the wanted one."""
    desired = load_topics("dev")[0]
    current = replace(desired, config={**desired.config, "segment.ms": "1"})
    assert plan([current], [desired]) == (Configure(desired.name, {"segment.ms": ("1", desired.config["segment.ms"])}),)


@pytest.mark.parametrize(("partitions", "replication"), [(8, 1), (2, 1), (4, 2)])
def test_what_would_break_keys_or_copies_is_refused(partitions: int, replication: int) -> None:
    """More or fewer partitions are never an alter, and the sentence says what is."""
    desired = load_topics("dev")[0]
    (action,) = plan([replace(desired, partitions=partitions, replication=replication)], [desired])
    assert isinstance(action, Refuse)
    assert desired.name in action.sentence


@pytest.mark.parametrize(
    ("topic", "policy", "words"), [(TASK_CHANGES, "compact", "must not be compacted"), (TASK_STATE, "compact,delete", "must be compacted")]
)
def test_fatal_cleanup_is_refused(topic: str, policy: str, words: str) -> None:
    """A file that would let Kafka drop facts or rows is not used."""
    file = yaml.safe_load(TEXT)
    file["topics"][topic]["config"]["cleanup.policy"] = policy
    with pytest.raises(ValueError, match=words):
        parse_topics(yaml.safe_dump(file), "dev")


@pytest.mark.parametrize(
    "text", ["", "[", "version: 2", TEXT.replace("task-state:", "task-states:"), TEXT.replace("partitions: 4", "partition: 4")]
)
def test_bad_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    """A file that cannot be used is named."""
    path = tmp_path / "topics.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Failure, match=r"topics\.yaml cannot be used") as failure:
        load_topics("dev", path)
    assert "\n" not in str(failure.value)
