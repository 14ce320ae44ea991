"""What of a live cluster is not as `topics.yaml` wants it, and what to do about each. Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from broker.topics import Topic
from schemas.topics import CASCADES, TASK_CHANGES, TASK_STATE

APPLY: Final = "run `anabranch topics apply`"
_ANEW: Final = "it cannot be changed in place: make new topics under another prefix and replay into them"
_MOVE: Final = "move its replicas with the cluster's own tools (kafka-reassign-partitions), or choose the other profile"
_LOST: Final = {
    (TASK_CHANGES, "cleanup.policy"): "compaction keeps one event of each project: stop the producers, then ",
    (TASK_CHANGES, "retention.ms"): "facts go after that time, and no replay brings them back: at once ",
    (TASK_CHANGES, "retention.bytes"): "facts go beyond that size, and no replay brings them back: at once ",
    (TASK_STATE, "cleanup.policy"): "rows go that nobody changed for long: stop the workers, then ",
    (CASCADES, "cleanup.policy"): "a client could miss a frame without noticing: ",
}
"""Settings whose difference loses something, with what it loses."""


class Difference(NamedTuple):
    """One difference of one topic. what: `topic`, `partitions`, `replication`, or a setting; found: None where there is nothing."""

    topic: str
    what: str
    found: str | None
    wanted: str
    advice: str


def differences(current: Iterable[Topic], desired: Iterable[Topic]) -> tuple[Difference, ...]:
    """Return all differences in the order of the file; topics and settings that the file does not name do not count."""
    known = {topic.name: topic for topic in current}
    return tuple(one for wanted in desired for one in _of(known.get(wanted.name), wanted))


def _of(now: Topic | None, wanted: Topic) -> list[Difference]:
    if now is None:
        return [Difference(wanted.name, "topic", None, "there", APPLY)]
    found = []
    if now.partitions != wanted.partitions:
        found.append(Difference(wanted.name, "partitions", str(now.partitions), str(wanted.partitions), _ANEW))
    if now.replication != wanted.replication:
        found.append(Difference(wanted.name, "replication", str(now.replication), str(wanted.replication), _MOVE))
    return found + [_setting(now, name, value) for name, value in wanted.config.items() if now.config.get(name) != value]


def _setting(now: Topic, name: str, wanted: str) -> Difference:
    origin = "" if name in now.own else " (it comes from the cluster's defaults)"
    return Difference(now.name, name, now.config.get(name), wanted, _LOST.get((now.name, name), "") + APPLY + origin)
