"""Laws of the Kubernetes manifests: their schemas, what they name, and their agreement with the settings of the processes."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final, cast

import jsonschema
import kubernetes_validate
import pytest
import yaml
from starlette.types import Receive, Scope, Send
from typer.main import get_command

from api.meters import Meters
from api.serving import config_of
from api.settings import EdgeSettings
from broker.connection import KafkaSettings
from broker.jars import KAFKA_VERSION
from broker.roles import load_roles
from broker.topics import load_topics
from cli.environment import names_of, refuse_unknown
from cli.main import program
from schemas.failure import UsageFailure
from streams.settings import Times, WorkerSettings
from tests.unit.deploy.manifests import ALL, FOLDERS, KUBERNETES, Manifest, named, pods, settings_of

ROOT: Final = KUBERNETES.parents[1]
SCHEMAS: Final = Path(__file__).with_name("schemas")
CUSTOM: Final = {path.stem: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
IDS: Final = [f"{one['kind']}-{one['metadata']['name']}" for _, one in ALL]
UVICORN_GRACE_S: Final = 3


@pytest.mark.parametrize("manifest", [one for _, one in ALL], ids=IDS)
def test_every_manifest_is_valid(manifest: Manifest) -> None:
    """By the strict schemas of Kubernetes 1.37, Strimzi 1.2 and KEDA 2.21: a misspelt field is dropped by a cluster without a word."""
    if manifest["kind"] in CUSTOM:
        jsonschema.validate(manifest, CUSTOM[manifest["kind"]])
    else:
        kubernetes_validate.validate(manifest, "1.37", strict=True)


@pytest.mark.parametrize(
    "wrong", [{"replicas": "three"}, {"replica": 3}, {"template": {"spec": {"containers": [{"name": "a", "image": "b", "portz": []}]}}}]
)
def test_the_schemas_refuse(wrong: dict[str, Any]) -> None:
    """A check that cannot fail is none."""
    worker = named("StatefulSet", "anabranch-worker")
    with pytest.raises(jsonschema.ValidationError):
        kubernetes_validate.validate({**worker, "spec": {**worker["spec"], **wrong}}, "1.37", strict=True)
    topic = named("KafkaTopic", "cascades")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**topic, "spec": {**topic["spec"], **wrong}}, CUSTOM["KafkaTopic"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_kustomize_puts_them_together(folder: str) -> None:
    """Where kubectl is installed it builds every folder; everywhere its resources exist and its image is this version's."""
    described = yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())
    assert all((KUBERNETES / folder / name).exists() for name in described["resources"])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert all(image == {"name": "anabranch", "newTag": version} for image in described.get("images", []))
    if kubectl := shutil.which("kubectl"):
        done = subprocess.run([kubectl, "kustomize", str(KUBERNETES / folder)], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        built = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)}
        worker = built.get(("StatefulSet", "anabranch-worker"))
        assert worker is None or ("replicas" in worker["spec"]) == (folder == "base")


@pytest.mark.parametrize("name", sorted(pods()))
def test_a_pod_can_do_nothing_that_it_need_not(name: str) -> None:
    """No root, no token, no rights, nothing to write to but its volumes, bounded memory, and no variable that the cluster makes up."""
    pod = pods()[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False  # ANABRANCH_EDGE_SERVICE_HOST would be refused as an unknown setting
    context = pod["securityContext"]
    assert (context["runAsNonRoot"], context["runAsUser"], context["seccompProfile"]["type"]) == (True, 10001, "RuntimeDefault")
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


@pytest.mark.parametrize("name", sorted(pods()))
def test_a_pod_starts_a_real_command_with_real_settings(name: str) -> None:
    """Each argument is one of the command's, each variable a setting that takes its value; no secret is written down."""
    pod = pods()[name]
    (container,) = pod["containers"]
    command: Any = get_command(program())
    words = list(container["args"])
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    model = EdgeSettings if "edge" in name else WorkerSettings
    settings = settings_of(pod)
    assert settings.keys() <= names_of(model)
    assert not [key for key in settings if re.search("PASSWORD$|SECRET$|TOKEN$", key)]
    kafka = KafkaSettings.model_validate(
        {key.removeprefix("ANABRANCH_KAFKA__").lower(): value for key, value in settings.items() if "_KAFKA__" in key}
    )
    assert (kafka.security_protocol, kafka.sasl_mechanism, kafka.ssl_check_hostname) == ("SASL_SSL", "SCRAM-SHA-512", True)


@pytest.mark.parametrize("name", sorted(pods()))
def test_secrets_are_mounted_where_the_settings_look(name: str) -> None:
    """The password of the pod's own user, and the authority of the cluster, as files."""
    pod = pods()[name]
    settings = settings_of(pod)
    mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume.get("secret", {}).get("secretName") for volume in pod["volumes"]}
    user = settings["ANABRANCH_KAFKA__SASL_USERNAME"]
    assert user in {role.user for role in load_roles()}
    password, authority = Path(settings["ANABRANCH_KAFKA__SASL_PASSWORD_FILE"]), Path(settings["ANABRANCH_KAFKA__SSL_CAFILE"])
    assert volumes[mounts[str(password.parent)]] == user
    assert (volumes[mounts[str(authority.parent)]], authority.name) == ("kafka-cluster-ca-cert", "ca.crt")


def test_a_service_would_add_an_unknown_setting() -> None:
    """The reason why pods get no variables of services: each would be a name that no process knows."""
    made_up = {
        f"{one['metadata']['name'].upper().replace('-', '_')}_SERVICE_HOST": "10.0.0.1" for _, one in ALL if one["kind"] == "Service"
    }
    assert {"ANABRANCH_EDGE_SERVICE_HOST", "ANABRANCH_WORKER_SERVICE_HOST"} <= made_up.keys()
    for name, value in made_up.items():
        with pytest.raises(UsageFailure, match=name):
            refuse_unknown({name: value}, (EdgeSettings, WorkerSettings))


def test_a_stop_has_the_time_that_it_takes() -> None:
    """The grace periods are longer than the clean stop of a worker, and than wait, goodbye and last answers of an edge."""
    worker, edge = pods()["anabranch-worker"], pods()["anabranch-edge"]
    shutdown_s = int(settings_of(worker)["ANABRANCH_TIMES__SHUTDOWN_MS"]) / 1000
    assert worker["terminationGracePeriodSeconds"] >= shutdown_s + 5
    wait_s = edge["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert edge["terminationGracePeriodSeconds"] >= wait_s + EdgeSettings().http.goodbye_s + UVICORN_GRACE_S + 5


def test_a_roll_moves_nothing() -> None:
    """Workers are static members by their pods' names, with a session longer than a restart; edges are never fewer than wanted."""
    pod = pods()["anabranch-worker"]
    (instance,) = [one for one in pod["containers"][0]["env"] if one["name"] == "ANABRANCH_INSTANCE_ID"]
    assert instance["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    session_ms = int(settings_of(pod)["ANABRANCH_TIMES__SESSION_MS"])
    assert session_ms > pod["terminationGracePeriodSeconds"] * 1000
    assert session_ms > 3 * int(settings_of(pod)["ANABRANCH_TIMES__HEARTBEAT_MS"])
    rolling = named("Deployment", "anabranch-edge")["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}
    assert named("PodDisruptionBudget", "anabranch-worker")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("name", ["anabranch-worker", "anabranch-edge"])
def test_probes_ask_the_private_port(name: str) -> None:
    """All three, on a port that the process opens and no service hands to browsers; the first waits longer than Kafka may be away."""
    (container,) = pods()[name]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert str(ports["private"]) == container["args"][container["args"].index("--private-port") + 1]
    probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
    assert {kind: probe["httpGet"]["path"] for kind, probe in probes.items()} == {
        "startup": "/healthz",
        "readiness": "/readyz",
        "liveness": "/healthz",
    }
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {"private"}
    assert [port["targetPort"] for port in named("Service", "anabranch-edge")["spec"]["ports"]] == ["http"]
    patience_ms = int(settings_of(pods()[name]).get("ANABRANCH_TIMES__START_MS", Times().start_ms))
    assert probes["startup"]["periodSeconds"] * probes["startup"]["failureThreshold"] * 1000 > patience_ms


def test_the_scaler_takes_small_steps() -> None:
    """Never to zero, never beyond the partitions, down one at a time with ten minutes between, on the group and topic of the workers."""
    spec = named("ScaledObject", "anabranch-worker")["spec"]
    (trigger,) = spec["triggers"]
    metadata = trigger["metadata"]
    assert spec["minReplicaCount"] >= 1
    assert spec["maxReplicaCount"] == load_topics("prod")[0].partitions
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 600}]
    assert down["stabilizationWindowSeconds"] >= 600
    assert (metadata["topic"], metadata["consumerGroup"]) == ("task-changes", WorkerSettings().application_id)
    assert metadata["offsetResetPolicy"] == "earliest"
    # KEDA refuses these together.
    assert [metadata["limitToPartitionsWithLag"], metadata["allowIdleConsumers"]] == ["true", "false"]
    assert "ensureEvenDistributionOfPartitions" not in metadata
    assert named("ConfigMap", "anabranch-scaler")["data"]["username"] in {role.user for role in load_roles()}


def test_the_network_lets_in_what_it_must() -> None:
    """Everything is closed first; Kafka is reached by its door with TLS, browsers reach the public port only."""
    closed = named("NetworkPolicy", "anabranch-nothing")["spec"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed
    assert "egress" not in closed
    assert closed["podSelector"]["matchLabels"] == {"app.kubernetes.io/part-of": "anabranch"}
    for name in pods():
        owner = next(one for _, one in ALL if one["metadata"]["name"] == name and "template" in one.get("spec", {}))
        assert owner["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/part-of"] == "anabranch"
    door = named("Kafka", "kafka")["spec"]["kafka"]["listeners"]
    assert [(one["port"], one["tls"], one["authentication"]["type"]) for one in door] == [(9093, True, "scram-sha-512")]
    (rule,) = named("NetworkPolicy", "anabranch-edge")["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == ["http"]


def test_kafka_is_the_one_that_the_tests_run() -> None:
    """With room for the largest batch, copies as the topics want them, and no topic beside those of the file."""
    spec = named("Kafka", "kafka")["spec"]["kafka"]
    topics = load_topics("prod")
    brokers = named("KafkaNodePool", "broker")["spec"]["replicas"]
    assert spec["version"] == KAFKA_VERSION
    assert spec["authorization"] == {"type": "simple"}
    assert spec["config"]["auto.create.topics.enable"] is False
    assert brokers >= max(topic.replication for topic in topics)
    assert spec["config"]["message.max.bytes"] >= max(int(topic.config["max.message.bytes"]) for topic in topics)
    assert spec["config"]["min.insync.replicas"] == 2 < brokers


def test_nothing_collects_what_flows() -> None:
    """The ingress does not buffer, and does not cut a WebSocket that is quiet between two heartbeats."""
    notes = named("Ingress", "anabranch-edge")["metadata"]["annotations"]
    short = {name.rpartition("/")[2]: value for name, value in notes.items()}
    assert (short["proxy-buffering"], short["proxy-request-buffering"]) == ("off", "off")
    assert int(short["proxy-read-timeout"]) > 60


async def test_the_ingress_says_who_calls() -> None:
    """Its pods are believed, whichever private network they have; nobody else reaches the port, and a public address is never believed."""
    settings = EdgeSettings(proxies=json.loads(settings_of(pods()["anabranch-edge"])["ANABRANCH_PROXIES"]))
    (rule,) = named("NetworkPolicy", "anabranch-edge")["spec"]["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"][0])

    config = config_of(app, settings, Meters())
    config.load()
    headers = [(b"x-forwarded-for", b"203.0.113.7")]
    for caller in ("10.244.1.9", "192.168.3.4", "100.64.7.7", "fd00::1", "198.51.100.1"):
        scope: Any = {"type": "http", "client": (caller, 1), "headers": headers, "method": "GET", "path": "/"}
        await config.loaded_app(scope, cast("Any", None), cast("Any", None))
    assert seen == ["203.0.113.7"] * 4 + ["198.51.100.1"]
