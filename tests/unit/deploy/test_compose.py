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
COMPOSE: dict[str, Any] = yaml.safe_load(deploy_file("compose.yaml").read_text(encoding="utf-8"))
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
        "volumes": {"type": "array", "items": {"type": "string", "pattern": r"^[a-z]+:/[a-z/]+$"}},
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


def _as_property(name: str) -> str:
    return name.removeprefix("KAFKA_").lower().replace("_", ".")


def _embedded() -> dict[str, str]:
    lines = deploy_file("local/server.properties").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_syntax_is_valid() -> None:
    """The file holds only what this project knows to be right, and every port is on this machine only."""
    jsonschema.validate(COMPOSE, SCHEMA)
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], check=False, capture_output=True).returncode == 0:
        command = [docker, "compose", "-f", str(deploy_file("compose.yaml")), "config", "-q"]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_names_lead_somewhere() -> None:
    """Every volume and every service that is named exists; no part starts before the topics are there."""
    services = COMPOSE["services"]
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    assert services["topics"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    for name in ("worker", "edge"):
        assert services[name]["depends_on"]["topics"]["condition"] == "service_completed_successfully"
        assert services[name]["read_only"]
        assert "healthcheck" in services[name]


def test_broker_settings_are_complete() -> None:
    """One KAFKA_ name switches the image's own settings off, so all that the embedded broker sets are here, equal or with a reason."""
    ours = {_as_property(name): value for name, value in BROKER.items() if name.startswith("KAFKA_")}
    for name, value in _embedded().items():
        if name not in DIFFERS:
            assert ours.get(name) == value, name
        elif DIFFERS[name] != "default":
            assert name in ours
    assert DIFFERS.keys() <= _embedded().keys()


def test_cluster_id_is_one_of_kafkas() -> None:
    """A cluster id is 128 bits in URL-safe base64, or Kafka does not format."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", BROKER["CLUSTER_ID"])
    assert not BROKER["CLUSTER_ID"].startswith("-")


def test_settings_agree_with_the_topics() -> None:
    """The broker can hold what the applied profile wants: replicas, batch sizes, and no topics beside those of the file."""
    command = COMPOSE["services"]["topics"]["command"]
    profile = command[command.index("--profile") + 1]
    topics = load_topics(profile)
    brokers = len(BROKER["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(","))
    assert all(topic.replication <= brokers for topic in topics)
    assert all(int(topic.config["min.insync.replicas"]) <= brokers for topic in topics)
    assert int(BROKER["KAFKA_MESSAGE_MAX_BYTES"]) >= max(int(topic.config["max.message.bytes"]) for topic in topics)
    assert int(BROKER["KAFKA_REPLICA_FETCH_MAX_BYTES"]) >= int(BROKER["KAFKA_MESSAGE_MAX_BYTES"])
    assert BROKER["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert int(BROKER["KAFKA_NUM_PARTITIONS"]) == topics[0].partitions


def test_embedded_broker_takes_the_largest_batches() -> None:
    """The same holds for the embedded broker."""
    largest = max(int(topic.config["max.message.bytes"]) for topic in load_topics("dev"))
    assert int(_embedded()["message.max.bytes"]) >= largest
    assert int(_embedded()["socket.request.max.bytes"]) > largest


def test_versions_and_addresses_agree() -> None:
    """Containers run the Kafka that the tests run, and reach it by an address that it advertises."""
    assert COMPOSE["services"]["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    advertised = dict(part.split("://") for part in BROKER["KAFKA_ADVERTISED_LISTENERS"].split(","))
    for name in ("topics", "worker", "edge"):
        command = COMPOSE["services"][name]["command"]
        address = command[command.index("--kafka") + 1]
        assert address == advertised["PLAINTEXT"] == KafkaSettings(bootstrap=address).bootstrap
    published = COMPOSE["services"]["kafka"]["ports"][0]
    assert advertised["HOST"] == f"localhost:{published.split(':')[1]}"
    origins = json.loads(COMPOSE["services"]["edge"]["environment"]["ANABRANCH_ORIGINS"])
    assert f"http://localhost:{COMPOSE['services']['edge']['ports'][0].split(':')[1]}" in origins


@pytest.mark.parametrize("stage", ["COPY --from=page", "COPY --from=wheel"])
def test_image_holds_what_it_says(stage: str) -> None:
    """The image has the page and the wheel, runs as a user of its own, and copies only what exists and is not ignored."""
    text = deploy_file("Dockerfile").read_text(encoding="utf-8")
    assert stage in text
    assert "USER anabranch" in text
    allowed = {line[1:] for line in deploy_file("Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert source.strip("/").split("/")[0] in allowed, source
            assert (ROOT / source).exists() or source == "README.md", source


def test_readme_names_what_exists() -> None:
    """The login command of the README calls a function that is there and takes what it is given."""
    assert "cli.up.login_code('http" in deploy_file("README.md").read_text(encoding="utf-8")
    assert "async def login_code(private_url: str) -> str:" in (ROOT / "cli" / "up.py").read_text(encoding="utf-8")
