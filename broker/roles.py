"""Who may do what: what `deploy/kafka/roles.yaml` wants, as rights on topics and groups. Pure but for the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from broker.deploy import deploy_file
from schemas.failure import Failure
from schemas.topics import TOPICS

Operation = Literal["Read", "Write", "Create", "Describe", "DescribeConfigs", "AlterConfigs"]


@dataclass(frozen=True)
class Right:
    """What a role may do with one topic or consumer group, in Kafka's words."""

    kind: Literal["topic", "group"]
    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Role:
    """A kind of user."""

    name: str
    rights: tuple[Right, ...]

    @property
    def user(self) -> str:
        """The name of its user in Kafka."""
        return f"anabranch-{self.name}"

    def may(self, operation: Operation, topic: str) -> bool:
        """Return whether the role may do something with a topic; Kafka lets whoever reads or writes it know of it."""
        given = {one for right in self.rights if right.kind == "topic" and right.name == topic for one in right.operations}
        return operation in given or (operation == "Describe" and bool(given & {"Read", "Write"}))


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Role(_Strict):
    topics: dict[str, tuple[Operation, ...]]
    group: tuple[Operation, ...] = ()


class _File(_Strict):
    version: Literal[1]
    group: str
    roles: dict[str, _Role]


def load_roles(prefix: str = "", path: Path | None = None) -> tuple[Role, ...]:
    """Return the roles with their rights. prefix: put before every topic's and the group's name. Raises `Failure`."""
    path = path or deploy_file("roles.yaml")
    try:
        return parse_roles(path.read_text(encoding="utf-8"), prefix)
    except (OSError, ValidationError, yaml.YAMLError, ValueError) as error:
        cause = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error).splitlines()[0]
        raise Failure(f"{path} cannot be used ({cause}): mend it or take the one of the release.") from None


def parse_roles(text: str, prefix: str = "") -> tuple[Role, ...]:
    """Return the roles that a file's text describes. Raises `ValueError` (and pydantic's, and yaml's) when a rule is broken."""
    file = _File.model_validate(yaml.safe_load(text))
    unknown = {name for role in file.roles.values() for name in role.topics} - set(TOPICS)
    if unknown:
        raise ValueError(f"it names a topic that does not exist: {', '.join(sorted(unknown))}")
    return tuple(Role(name, _rights(role, prefix, file.group)) for name, role in file.roles.items())


def _rights(role: _Role, prefix: str, group: str) -> tuple[Right, ...]:
    topics = tuple(Right("topic", prefix + name, operations) for name, operations in role.topics.items())
    return (*topics, Right("group", prefix + group, role.group)) if role.group else topics
