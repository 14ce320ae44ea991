"""Laws of the container files: syntax, and agreement with topics.yaml and with the embedded broker."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from broker.connection import KafkaSettings
from broker.deploy import deploy_file
from broker.jars import KAFKA_VERSION
from broker.topics import load_topics

ROOT = Path(__file__).parents[3]
FILES = ("compose.yaml", "compose-three.yaml")
COMPOSES: dict[str, dict[str, Any]] = {name: yaml.safe_load(deploy_file(name).read_text(encoding="utf-8")) for name in FILES}
COMPOSE = COMPOSES["compose.yaml"]
BROKER: dict[str, str] = COMPOSE["services"]["kafka"]["environment"]

_TIME = {"type": "string", "pattern": r"^\d+(s|m)$"}
_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_HEALTH = {
    "type": "object",
    "properties": {
        "test": {"type": "array", "items": {"type": "string"}, "minItems": 2, "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}]},
        **dict.fromkeys(("interval", "timeout", "start_period", "start_interval"), _TIME),
        "retries": {"type": "integer"},
    },
    "required": ["test", "interval", "timeout", "retries"],
    "additionalProperties": False,
}
_CONDITIONS = ["service_healthy", "service_completed_successfully", "service_started"]
_SERVICE = {
    "type": "object",
    "properties": {
        "image": {"type": "string"},
        "build": {"type": "object", "required": ["context", "dockerfile"]},
        "command": _TEXTS,
        # Compose takes no other YAML type than text for a variable without complaint: true would be refused, 010 becomes 8.
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": r"^[a-z-]+:/[a-z/]+$"}},
        "tmpfs": _TEXTS,
        "restart": {"enum": ["unless-stopped", "on-failure:3"]},
        "stop_grace_period": _TIME,
        "read_only": {"type": "boolean"},
        "healthcheck": _HEALTH,
        "depends_on": {"type": "object", "additionalProperties": {"type": "object", "properties": {"condition": {"enum": _CONDITIONS}}}},
    },
    "required": ["image"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "services": {"type": "object", "additionalProperties": _SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
    "required": ["name", "services", "volumes"],
    "additionalProperties": False,
}

DIFFERS = {
    "controller.quorum.voters": "names instead of addresses",
    "listeners": "two for clients",
    "advertised.listeners": "two for clients",
    "listener.security.protocol.map": "two for clients",
    "log.dirs": "a volume",
    # Sizes for a small heap and short waits for tests: the image's heap and Kafka's defaults will do.
    "num.network.threads": "default",
    "num.io.threads": "default",
    "num.recovery.threads.per.data.dir": "default",
    "background.threads": "default",
    "log.cleaner.dedupe.buffer.size": "default",
    "log.cleaner.backoff.ms": "default",
    "log.index.size.max.bytes": "default",
    "socket.request.max.bytes": "default",
    "broker.session.timeout.ms": "default",
    "broker.heartbeat.interval.ms": "default",
}


_OWN = {"KAFKA_NODE_ID", "KAFKA_LISTENERS", "KAFKA_ADVERTISED_LISTENERS"}
"""What each broker of several has for itself."""


def _as_property(name: str) -> str:
    return name.removeprefix("KAFKA_").lower().replace("_", ".")


def _embedded() -> dict[str, str]:
    lines = deploy_file("local/server.properties").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _brokers(compose: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the services that are brokers."""
    return [service for name, service in compose["services"].items() if name.startswith("kafka")]


@pytest.mark.parametrize("file", FILES)
def test_syntax_is_valid(file: str) -> None:
    """The file holds only what this project knows to be right, and every port is on this machine only."""
    jsonschema.validate(COMPOSES[file], SCHEMA)
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], check=False, capture_output=True).returncode == 0:
        command = [docker, "compose", "-f", str(deploy_file(file)), "config", "-q"]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("file", FILES)
def test_names_lead_somewhere(file: str) -> None:
    """Every volume and every service that is named exists; nobody shares a volume; no part starts before the topics are there."""
    services = COMPOSES[file]["services"]
    used = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    assert sorted(used) == sorted(COMPOSES[file]["volumes"])
    wanted = {name: {"condition": "service_healthy"} for name in services if name.startswith("kafka")}
    assert services["topics"]["depends_on"] == wanted
    for name in (name for name in services if name.startswith(("worker", "edge"))):
        assert services[name]["depends_on"]["topics"]["condition"] == "service_completed_successfully"
        assert services[name]["read_only"]
        assert "healthcheck" in services[name]


def test_three_brokers_keep_copies_of_everything() -> None:
    """Each is told of all, has an address and a place of its own, and one of them may die: three copies, of which two acknowledge."""
    compose = COMPOSES["compose-three.yaml"]
    environments = [broker["environment"] for broker in _brokers(compose)]
    voters = environments[0]["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
    assert [voter.split("@")[0] for voter in voters] == [one["KAFKA_NODE_ID"] for one in environments] == ["1", "2", "3"]
    for own in ("KAFKA_NODE_ID", "KAFKA_LISTENERS", "KAFKA_ADVERTISED_LISTENERS"):
        assert len({one[own] for one in environments}) == 3
    same = [{name: value for name, value in one.items() if name not in _OWN} for one in environments]
    assert same[0] == same[1] == same[2]
    copies = {name: value for name, value in same[0].items() if name.endswith(("REPLICATION_FACTOR", "MIN_ISR", "INSYNC_REPLICAS"))}
    assert copies == {name: "3" if name.endswith("FACTOR") else "2" for name in copies}
    assert len(copies) == 7
    assert same[0].keys() | _OWN == BROKER.keys()
    for broker, voter in zip(_brokers(compose), voters, strict=True):
        host = voter.split("@")[1].split(":")[0]
        advertised = dict(part.split("://") for part in broker["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(","))
        assert (advertised["PLAINTEXT"], compose["services"][host]) == (f"{host}:9092", broker)
        assert f"localhost:{broker['ports'][0].split(':')[1]}" == advertised["HOST"]


def test_broker_settings_are_complete() -> None:
    """One KAFKA_ name switches the image's own settings off, so all that the embedded broker sets are here, equal or with a reason."""
    ours = {_as_property(name): value for name, value in BROKER.items() if name.startswith("KAFKA_")}
    for name, value in _embedded().items():
        if name not in DIFFERS:
            assert ours.get(name) == value, name
        elif DIFFERS[name] != "default":
            assert name in ours
    assert DIFFERS.keys() <= _embedded().keys()


@pytest.mark.parametrize("file", FILES)
def test_cluster_id_is_one_of_kafkas(file: str) -> None:
    """A cluster id is 128 bits in URL-safe base64, or Kafka does not format."""
    for broker in _brokers(COMPOSES[file]):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", broker["environment"]["CLUSTER_ID"])


@pytest.mark.parametrize("file", FILES)
def test_settings_agree_with_the_topics(file: str) -> None:
    """The broker can hold what the applied profile wants: replicas, batch sizes, and no topics beside those of the file."""
    command = COMPOSES[file]["services"]["topics"]["command"]
    topics = load_topics(command[command.index("--profile") + 1])
    brokers = _brokers(COMPOSES[file])
    assert {topic.replication for topic in topics} == {len(brokers)}
    for broker in (one["environment"] for one in brokers):
        assert {topic.config["min.insync.replicas"] for topic in topics} == {broker["KAFKA_MIN_INSYNC_REPLICAS"]}
        assert int(broker["KAFKA_MESSAGE_MAX_BYTES"]) >= max(int(topic.config["max.message.bytes"]) for topic in topics)
        assert int(broker["KAFKA_REPLICA_FETCH_MAX_BYTES"]) >= int(broker["KAFKA_MESSAGE_MAX_BYTES"])
        assert broker["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
        assert int(broker["KAFKA_NUM_PARTITIONS"]) == topics[0].partitions


def test_embedded_broker_takes_the_largest_batches() -> None:
    """The same holds for the embedded broker."""
    largest = max(int(topic.config["max.message.bytes"]) for topic in load_topics("dev"))
    assert int(_embedded()["message.max.bytes"]) >= largest
    assert int(_embedded()["socket.request.max.bytes"]) > largest


@pytest.mark.parametrize("file", FILES)
def test_versions_and_addresses_agree(file: str) -> None:
    """Containers run the Kafka that the tests run, and reach it by addresses that it advertises."""
    services = COMPOSES[file]["services"]
    brokers = _brokers(COMPOSES[file])
    assert {broker["image"] for broker in brokers} == {f"apache/kafka:{KAFKA_VERSION}"}
    advertised = [dict(part.split("://") for part in one["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")) for one in brokers]
    inside = ",".join(one["PLAINTEXT"] for one in advertised)
    for name in (name for name in services if not name.startswith("kafka")):
        command = services[name]["command"]
        assert command[command.index("--kafka") + 1] == inside == KafkaSettings(bootstrap=inside).bootstrap
    assert [one["HOST"] for one in advertised] == [f"localhost:{broker['ports'][0].split(':')[1]}" for broker in brokers]
    origins = json.loads(services["edge"]["environment"]["ANABRANCH_ORIGINS"])
    assert f"http://localhost:{services['edge']['ports'][0].split(':')[1]}" in origins


def test_readme_names_what_exists() -> None:
    """The login command of the README calls a function that is there and takes what it is given."""
    assert "cli.up.login_code('http" in deploy_file("README.md").read_text(encoding="utf-8")
    assert "async def login_code(private_url: str) -> str:" in (ROOT / "cli" / "up.py").read_text(encoding="utf-8")
