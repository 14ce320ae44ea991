"""Every part against a Kafka that asks who comes: TLS, SCRAM, and each role with exactly the rights of `roles.yaml`."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import trustme
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTimestampError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from broker.connection import KafkaSettings, client_options
from broker.layout import partition_counts
from broker.ports import free_port
from broker.reach import quiet_clients
from broker.roles import Role, load_roles
from cli.operate.examine import Scope, examine
from schemas.failure import Failure, Refused
from schemas.topics import CASCADES, TOPICS
from tests.secured import ADMIN, PASSWORD, SecuredKafka

ROOT = Path(__file__).parents[3]
ROLES = {role.name: role for role in load_roles()}
PATIENCE_S = 90
ISSUES = "\n".join(json.dumps({"id": f"i{n}", "title": f"t{n}", "status": "open", "priority": 2, "issue_type": "task"}) for n in range(40))
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secured() -> AsyncIterator[SecuredKafka]:
    """Give a broker with a user for each role, and one who may do nothing."""
    with tempfile.TemporaryDirectory(prefix="anabranch-secured-") as folder:
        async with SecuredKafka(Path(folder), (*(role.user for role in ROLES.values()), "nobody")) as broker:
            broker.allow()
            done = await call(broker, ROLES["operator"].user, "topics", "apply")
            assert done.returncode == 0, done.stderr
            yield broker


async def call(broker: SecuredKafka, user: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as a user."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cli.main", *arguments, "--kafka", environment.pop("kafka", broker.bootstrap)],
        cwd=ROOT,
        env={**os.environ, **broker.environment(user), **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


@contextlib.contextmanager
def part(broker: SecuredKafka, role: Role, log: Path, *arguments: str, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker or an edge until the block ends. more: of its environment."""
    command = [sys.executable, "-m", "cli.main", *arguments, "--kafka", broker.bootstrap]
    environment = {**os.environ, **broker.environment(role.user), **more}
    with log.open("ab") as output, subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


async def until_ready(port: int, log: Path) -> None:
    """Wait until a part says on its private port that it is ready."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False) as http:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.1)
    pytest.fail(await asyncio.to_thread(log.read_text))


async def test_everything_works_with_the_rights_of_its_role(secured: SecuredKafka, tmp_path: Path) -> None:
    """Import, fold, serve, write, recount, query: each as its own user, over TLS. No log and no output names the password."""
    data, worker_log, edge_log = tmp_path / "data", tmp_path / "worker.log", tmp_path / "edge.log"
    issues = tmp_path / "board" / ".beads" / "issues.jsonl"
    issues.parent.mkdir(parents=True)
    issues.write_text(ISSUES + "\n")
    ports = [free_port() for _ in range(3)]
    outputs = []
    with (
        part(secured, ROLES["worker"], worker_log, "worker", "--data", str(data), "--private-port", str(ports[0])),
        part(secured, ROLES["edge"], edge_log, "edge", "--data", str(data), "--port", str(ports[1]), "--private-port", str(ports[2])),
    ):
        await until_ready(ports[0], worker_log)
        await until_ready(ports[2], edge_log)
        outputs.append(await call(secured, ROLES["producer"].user, "import", "beads", str(issues)))
        url = f"http://127.0.0.1:{ports[1]}"
        outputs.append(await call(secured, ROLES["analyst"].user, "verify", "--data", str(data), "--url", url))
        assert "No difference." in outputs[-1].stdout, outputs[-1].stderr
        await write_through_the_edge(url, data)
        outputs.append(await call(secured, ROLES["analyst"].user, "sql", "select count(*) as n from tasks", "--json", "--data", str(data)))
        assert json.loads(outputs[-1].stdout.splitlines()[0])["n"] == 40
        outputs += [
            await call(secured, ROLES["operator"].user, *command) for command in (("topics", "verify"), ("dlq", "list"), ("status",))
        ]
    await lose_the_store(secured, ports[0], tmp_path)
    assert [done.returncode for done in outputs] == [0] * len(outputs), [done.stderr for done in outputs]
    said = worker_log.read_text() + edge_log.read_text() + "".join(done.stdout + done.stderr for done in outputs)
    assert PASSWORD not in said
    assert "worker_stopped" in said


async def lose_the_store(broker: SecuredKafka, port: int, folder: Path) -> None:
    """Start a worker without its store: the processes that fill it come to Kafka as it does."""
    log, words = folder / "again.log", ("worker", "--data", str(folder / "again"), "--private-port", str(port))
    with part(broker, ROLES["worker"], log, *words, ANABRANCH_LIMITS__RESTORE_RECORDS="0"):
        await until_ready(port, log)
    said = log.read_text()
    assert ("stores_filling" in said, "fill_given_up" in said, PASSWORD in said) == (True, False, False), said


async def write_through_the_edge(url: str, data: Path) -> None:
    """Change a task as a person would, wait for what the worker decided, and ask what that session did: the edge reads the log for it."""
    from api.auth import mint  # noqa: PLC0415  because only this needs the edge's own words
    from broker.secrets import jwt_secret  # noqa: PLC0415  with it

    token = mint(jwt_secret(data), "anna", ["*"], 60, "admin")
    change = {
        "id": "c1",
        "entity": "task",
        "action": "patch",
        "project_id": "board",
        "entity_id": "i1",
        "data": {"status": "done"},
        "session_id": "s",
    }
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S) as http:
        answer = await http.post(f"{url}/api/v2/changes", json=change, headers={"Prefer": "wait=30"})
        receipt = await http.get(f"{url}/api/v2/sessions/s/receipt")
    assert answer.status_code < 300, answer.text
    assert "applied" in answer.text, answer.text
    assert receipt.json()["net"]["task"]["completed"] == 1, receipt.text


async def may_write(broker: SecuredKafka, user: str, topic: str) -> bool:
    """Try to write a record of the far future: a broker looks at the rights first, and then refuses the time. Nothing is written."""
    producer = AIOKafkaProducer(**client_options(broker.settings(user)), enable_idempotence=True)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"", key=b"matrix", partition=0, timestamp_ms=2**42)
    except InvalidTimestampError:
        return True
    except (ClusterAuthorizationFailedError, TopicAuthorizationFailedError):
        return False
    finally:
        await producer.stop()
    return pytest.fail("the record was written")


async def may_read(broker: SecuredKafka, user: str, topic: str) -> bool:
    """Try to read far behind the end: a broker looks at the user's rights first, and then has no such record."""
    consumer = AIOKafkaConsumer(topic, **client_options(broker.settings(user)), auto_offset_reset="none")
    try:
        await consumer.start()
        for place in consumer.assignment():
            consumer.seek(place, 2**40)
        await consumer.getmany(timeout_ms=PATIENCE_S * 1000)
    except OffsetOutOfRangeError:
        return True
    except TopicAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()
    return pytest.fail("neither an answer nor a refusal")


async def test_a_role_can_do_no_more(secured: SecuredKafka) -> None:
    """Each role against each topic: it reads and writes what its rights say, and nothing else; cascades are the worker's alone."""
    places = [(role, topic) for role in ROLES.values() for topic in TOPICS]
    with quiet_clients():
        reads = await asyncio.gather(*(may_read(secured, role.user, topic) for role, topic in places))
        writes = await asyncio.gather(*(may_write(secured, role.user, topic) for role, topic in places))
    assert reads == [role.may("Read", topic) for role, topic in places]
    assert writes == [role.may("Write", topic) for role, topic in places]
    assert [role.name for (role, topic), may in zip(places, writes, strict=True) if may and topic == CASCADES] == ["worker"]


async def test_other_ways_in(secured: SecuredKafka) -> None:
    """A certificate of one's own, and a plain password over TLS; without the certificate, and by a way that is not offered, it says so."""
    everything = dict.fromkeys(TOPICS, 4)
    assert await partition_counts(secured.by_certificate(shown=True)) == dict.fromkeys(TOPICS, 0)  # let in, and told nothing
    with pytest.raises(Failure, match="wants a certificate of the client"):
        await partition_counts(secured.by_certificate(shown=False))
    assert await partition_counts(secured.settings(ADMIN, sasl_mechanism="PLAIN")) == everything
    with pytest.raises(Refused, match="refuses the user admin or the password"):
        await partition_counts(secured.settings(ADMIN, sasl_mechanism="PLAIN", sasl_password=ADMIN))
    with pytest.raises(Refused, match="takes no login by SCRAM-SHA-256"):
        await partition_counts(secured.settings(ADMIN, sasl_mechanism="SCRAM-SHA-256"))
    with pytest.raises(Failure, match="check that this port is for PLAINTEXT"):
        await partition_counts(KafkaSettings(bootstrap=secured.bootstrap))
    assert await partition_counts(
        secured.settings(ADMIN, bootstrap=secured.bootstrap.replace("localhost", "127.0.0.1"), ssl_check_hostname=False)
    )


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: role.name)
async def test_doctor_checks_the_role_of_its_user(secured: SecuredKafka, tmp_path: Path, role: Role) -> None:
    """Exactly the rights of the role are enough, and what only others may look at is no fault; the sentence names what was checked."""
    found = {one.check: one for one in await examine(Scope(secured.settings(role.user), tmp_path, role.name, "dev"))}
    assert found["rights"].level == "ok", found["rights"]
    assert f"all that the {role.name} must: " in found["rights"].what
    assert {check for check in ("topics", "retention", "dead letters", "clock") if check in found and found[check].level == "fail"} == set()
    unseen = {one.check for one in found.values() if one.what.startswith("Not checked: this user may not")}
    assert (
        unseen
        == {
            "producer": {"topics", "lag", "dead letters"},
            "worker": {"topics", "retention", "dead letters"},
            "edge": {"topics", "lag", "dead letters"},
            "analyst": {"topics", "lag"},
            "operator": set(),
            "scaler": {"topics", "retention", "dead letters"},
        }[role.name]
    )


async def test_doctor_names_what_another_role_lacks(secured: SecuredKafka, tmp_path: Path) -> None:
    """An operator is taken for one by its name; a worker's rights it has not, and is told so when they are asked for."""
    user = ROLES["operator"].user
    own = await call(secured, user, "doctor", "--data", str(tmp_path), "--json")
    assert [one["what"].split(" must")[0] for one in json.loads(own.stdout) if one["check"] == "rights"] == [
        "This user may do all that the operator"
    ]
    asked = await examine(Scope(secured.settings(user), tmp_path, "worker", "dev"))
    assert [one.what for one in asked if one.check == "rights"] == [
        "This user may not write cascades; the worker must.",
        "This user may not write task-changes.dlq; the worker must.",
        "This user may not read the group of the workers; the worker must.",
    ]


TOPICS_, WORKER, EDGE, IMPORT, VERIFY = ("topics", "plan"), ("worker",), ("edge", "--port", "0"), ("import", "beads"), ("verify",)
WRONG = (
    *((command, "password") for command in (WORKER, EDGE, IMPORT)),
    *((command, "authority") for command in (TOPICS_, EDGE)),
    (VERIFY, "name"),
)
WORDS = {
    "password": "refuses the user anabranch-worker or the password",
    "authority": "is not trusted",
    "name": "is for another name",
}


async def test_a_wrong_credential_is_one_sentence(secured: SecuredKafka, tmp_path: Path) -> None:
    """Every part ends with 1, says what is wrong and which setting to look at, and never what the password was."""
    (tmp_path / "wrong").write_text("another-password")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    changes = {
        "password": {"ANABRANCH_KAFKA__SASL_PASSWORD_FILE": str(tmp_path / "wrong")},
        "authority": {"ANABRANCH_KAFKA__SSL_CAFILE": str(tmp_path / "other.pem")},
        "name": {"kafka": secured.bootstrap.replace("localhost", "127.0.0.1")},
    }
    ended = await asyncio.gather(*(refused(secured, "anabranch-worker", command, tmp_path, **changes[wrong]) for command, wrong in WRONG))
    for (command, wrong), done in zip(WRONG, ended, strict=True):
        assert done.returncode == 1, (command, wrong, done.stderr)
        last = done.stderr.splitlines()[-1]
        assert WORDS[wrong] in last, (command, last)
        assert "ANABRANCH_KAFKA__" in last
        assert "Traceback" not in done.stderr
        assert "another-password" not in done.stdout + done.stderr


async def refused(
    broker: SecuredKafka, user: str, command: tuple[str, ...], folder: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command that shall not come in."""
    issues = folder / ".beads" / "issues.jsonl"
    await asyncio.to_thread(issues.parent.mkdir, exist_ok=True)
    await asyncio.to_thread(issues.write_text, ISSUES)
    arguments = (*command, str(folder)) if command == IMPORT else (*command, "--data", str(folder))
    return await call(broker, user, *arguments, ANABRANCH_TIMES__START_MS="1000", **environment)


async def test_a_user_without_rights_is_one_sentence(secured: SecuredKafka, tmp_path: Path) -> None:
    """It names the user, and no part waits for ever."""
    commands = (WORKER, EDGE, IMPORT)
    for done in await asyncio.gather(*(refused(secured, "nobody", command, tmp_path) for command in commands)):
        assert done.returncode == 1, done.stderr
        assert "user nobody" in done.stderr.splitlines()[-1]
