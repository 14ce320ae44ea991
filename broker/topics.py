"""Topics as code: what `deploy/kafka/topics.yaml` wants, and which actions lead there from what a cluster has. Pure but for the file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from broker.deploy import deploy_file
from schemas.failure import Failure
from schemas.topics import CASCADES, TASK_CHANGES, TASK_STATE, TOPICS

Profile = Literal["dev", "prod"]
Setting = str | int | float | bool

PARTITIONED_ALIKE: Final = (TASK_CHANGES, CASCADES, TASK_STATE)
"""Everything of a project lives in the partition of the same number in these."""


@dataclass(frozen=True)
class Topic:
    """A topic as it is or shall be. config: Kafka's names → values as text; of a real topic, the values that hold.

    own: the names in `config` that are set on the real topic itself; the others come from its cluster.
    """

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Create:
    """The topic does not exist."""

    topic: Topic


@dataclass(frozen=True)
class Configure:
    """Settings differ. changes: name → (value now, value wanted); None where the cluster does not know the setting."""

    name: str
    changes: Mapping[str, tuple[str | None, str]]


@dataclass(frozen=True)
class Refuse:
    """Something differs that cannot be changed in place; the sentence says what to do."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Keep:
    """The topic is as wanted."""

    name: str


Action = Create | Configure | Refuse | Keep


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Profile(_Strict):
    partitions: int
    replication: int
    config: dict[str, Setting]


class _Topic(_Strict):
    key: str
    value: str
    config: dict[str, Setting]
    dev: dict[str, Setting]
    prod: dict[str, Setting]


class _File(_Strict):
    version: Literal[1]
    profiles: dict[Profile, _Profile]
    topics: dict[str, _Topic]


def load_topics(profile: Profile, path: Path | None = None, partitions: int | None = None) -> tuple[Topic, ...]:
    """Return the topics that a profile wants, without a prefix. partitions: instead of the profile's. Raises `Failure`."""
    path = path or deploy_file("topics.yaml")
    try:
        return parse_topics(path.read_text(encoding="utf-8"), profile, partitions)
    except (OSError, ValidationError, yaml.YAMLError, ValueError) as error:
        cause = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error).splitlines()[0]
        raise Failure(f"{path} cannot be used ({cause}): mend it or take the one of the release.") from None


def parse_topics(text: str, profile: Profile, partitions: int | None = None) -> tuple[Topic, ...]:
    """Return the topics that a file's text wants. Raises `ValueError` (and pydantic's, and yaml's) when a rule is broken."""
    file = _File.model_validate(yaml.safe_load(text))
    if set(file.topics) != set(TOPICS):
        raise ValueError(f"it must describe exactly {', '.join(TOPICS)}")
    wanted = file.profiles[profile]
    found = []
    for name, topic in file.topics.items():
        config = {**wanted.config, **topic.config, **(topic.dev if profile == "dev" else topic.prod)}
        found.append(Topic(name, partitions or wanted.partitions, wanted.replication, {key: _text(config[key]) for key in sorted(config)}))
    _check(found)
    return tuple(found)


def plan(current: Iterable[Topic], desired: Iterable[Topic]) -> tuple[Action, ...]:
    """Return one action for each wanted topic; topics that nobody wants are left alone."""
    known = {topic.name: topic for topic in current}
    return tuple(_action(known.get(topic.name), topic) for topic in desired)


def _action(now: Topic | None, wanted: Topic) -> Action:
    if now is None:
        return Create(wanted)
    if now.partitions != wanted.partitions:
        return Refuse(
            wanted.name,
            f"{wanted.name} has {now.partitions} partitions and {wanted.partitions} are wanted: partitions cannot be changed in place, "
            "since keys would move away from their rows and their order; make new topics under another prefix and replay into them.",
        )
    if now.replication != wanted.replication:
        return Refuse(
            wanted.name,
            f"{wanted.name} has {now.replication} replicas and {wanted.replication} are wanted: "
            "choose the other profile, or move the replicas with the cluster's own tools first.",
        )
    changes = {key: (now.config.get(key), value) for key, value in wanted.config.items() if now.config.get(key) != value}
    return Configure(wanted.name, changes) if changes else Keep(wanted.name)


def _check(topics: Iterable[Topic]) -> None:
    by_name = {topic.name: topic for topic in topics}
    if by_name[TASK_CHANGES].config["cleanup.policy"] != "delete":
        raise ValueError(f"{TASK_CHANGES} must not be compacted: its key is the project, so one event of each would be left")
    if by_name[TASK_STATE].config["cleanup.policy"] != "compact":
        raise ValueError(f"{TASK_STATE} must be compacted and nothing else: its oldest rows are as valid as its newest")


def _text(value: Setting) -> str:
    """Return a setting as Kafka reports it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
