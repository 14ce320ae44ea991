"""Write what `deploy/kafka/topics.yaml` and `roles.yaml` mean for others: `python -m tools.manifests [--check]`.

Strimzi's `KafkaTopic` and `KafkaUser` manifests, and a script of `kafka-acls` lines for clusters without Strimzi.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from broker.deploy import deploy_file
from broker.roles import Role, load_roles
from broker.topics import Topic, load_topics
from schemas.bundle import ROOT, main

CLUSTER: Final = "kafka"
"""The name of the `Kafka` in deploy/kubernetes/kafka/cluster.yaml."""
API: Final = "kafka.strimzi.io/v1"
_NOTE: Final = "# Generated from deploy/kafka/{source} by `make generate`. Do not edit.\n"
_SCRIPT: Final = """\
#!/bin/sh
{note}#   KAFKA=HOST:PORT CONFIG=admin.properties sh deploy/kafka/acls.sh
# Gives each role its rights; doing it again changes nothing. CONFIG: how an administrator logs in, as kafka-acls wants it. PREFIX: before
# the names of topics and group. KAFKA_ACLS: the program, where it is not on the PATH. ONLY: one role. The users themselves, with passwords
# of their own, are made with kafka-configs (docs/howto/tls.md).
set -eu

give() {{
  role=$1
  shift
  [ "${{ONLY:-$role}}" = "$role" ] || return 0
  "${{KAFKA_ACLS:-kafka-acls.sh}}" --bootstrap-server "$KAFKA" --command-config "$CONFIG" --add \\
    --allow-principal "User:anabranch-$role" "$@"
}}

"""


def topic_manifest(topic: Topic) -> dict[str, Any]:
    """Return the manifest of a topic."""
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": {"name": topic.name, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {"partitions": topic.partitions, "replicas": topic.replication, "config": dict(topic.config)},
    }


def user_manifest(role: Role) -> dict[str, Any]:
    """Return the manifest of a role's user; its operator makes the password and keeps it in a secret of the same name."""
    acls = [
        {"resource": {"type": right.kind, "name": right.name, "patternType": "literal"}, "operations": list(right.operations)}
        for right in role.rights
    ]
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": {"name": role.user, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}},
    }


def acl_lines(roles: Iterable[Role]) -> Iterator[str]:
    """Give one line of the script for each right."""
    for role in roles:
        for right in role.rights:
            operations = " ".join(f"--operation {operation}" for operation in right.operations)
            yield f'give {role.name} {operations} --{right.kind} "${{PREFIX:-}}{right.name}"\n'


def _yaml(source: str, documents: Iterable[dict[str, Any]]) -> str:
    return _NOTE.format(source=source) + yaml.safe_dump_all(documents, sort_keys=False, width=140)


def manifests() -> dict[Path, str]:
    """Return the text of every generated file."""
    folder, roles = ROOT / "deploy" / "kubernetes" / "kafka", load_roles()
    return {
        folder / "topics.yaml": _yaml("topics.yaml", map(topic_manifest, load_topics("prod"))),
        folder / "users.yaml": _yaml("roles.yaml", map(user_manifest, roles)),
        deploy_file("acls.sh"): _SCRIPT.format(note=_NOTE.format(source="roles.yaml")) + "".join(acl_lines(roles)),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], manifests()))
