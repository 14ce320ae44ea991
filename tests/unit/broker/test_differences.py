"""Laws of the comparison of a cluster with `topics.yaml`."""

from dataclasses import replace

import pytest

from broker.differences import Difference, differences
from broker.topics import load_topics

DESIRED = load_topics("prod")


def test_what_is_as_wanted_has_no_difference() -> None:
    """Other topics and other settings are not our business."""
    current = [replace(topic, config={**topic.config, "flush.ms": "1"}) for topic in DESIRED] + [replace(DESIRED[0], name="foreign")]
    assert differences(current, DESIRED) == ()


def test_an_empty_cluster_lacks_every_topic() -> None:
    """Each is named once, with the command that makes it."""
    found = differences((), DESIRED)
    assert [(one.topic, one.what, one.found) for one in found] == [(topic.name, "topic", None) for topic in DESIRED]
    assert all("anabranch topics apply" in one.advice for one in found)


@pytest.mark.parametrize("name", sorted({name for topic in DESIRED for name in topic.config}))
def test_every_setting_of_the_file_is_compared(name: str) -> None:
    """Retention, compression, sizes, copies: none can differ unnoticed, nor be missing."""
    for topic in (topic for topic in DESIRED if name in topic.config):
        changed = replace(topic, config={**topic.config, name: "another"}, own=frozenset({name}))
        (one,) = differences([changed], [topic])
        assert one[:4] == (topic.name, name, "another", topic.config[name])
        without = replace(topic, config={key: value for key, value in topic.config.items() if key != name})
        assert [(one.what, one.found) for one in differences([without], [topic])] == [(name, None)]


def test_partitions_and_copies_are_compared() -> None:
    """With what to do instead of an alter."""
    (partitions,) = differences([replace(DESIRED[0], partitions=13)], [DESIRED[0]])
    assert partitions[:4] == ("task-changes", "partitions", "13", "12")
    assert "replay" in partitions.advice
    (copies,) = differences([replace(DESIRED[0], replication=1)], [DESIRED[0]])
    assert copies == Difference("task-changes", "replication", "1", "3", copies.advice)
    assert "kafka-reassign-partitions" in copies.advice


def test_what_loses_facts_says_so() -> None:
    """And a value that only the cluster's defaults give is named as such."""
    topic = DESIRED[0]
    (one,) = differences([replace(topic, config={**topic.config, "retention.ms": "604800000"})], [topic])
    assert "no replay brings them back" in one.advice
    assert one.advice.endswith("(it comes from the cluster's defaults)")
