"""A real broker that asks who comes: SASL_SSL with SCRAM-SHA-512, certificates made here, and an authorizer that forbids by default.

Clients dial `localhost`, for which the broker's certificate is. A second door wants a certificate of the client instead of a password.
The broker itself comes in by a door of its own without a password,
which is on this machine only.
"""

import argparse
import asyncio
import os
import subprocess
from pathlib import Path
from typing import Final, Self

import trustme
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, AdminClient, ResourcePatternType, ResourceType
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr

from broker.connection import KafkaSettings
from broker.deploy import deploy_file
from broker.launch import Jvm, broker_environment
from broker.ports import free_port
from broker.prepare import PROPERTIES, prepare_archive, prepare_jvm, prepare_template, write_properties
from broker.reach import quiet_clients
from broker.ready import port_opens
from broker.spawn import spawn

PASSWORD: Final = "correct-horse-battery"  # noqa: S105  because the users exist in a test's broker only
ADMIN: Final = "admin"
_CLUSTER_ID: Final = "c2VjdXJlLXNlY3VyZS1zZQ"
_START_S: Final = 90.0
_PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"


class SecuredKafka:
    """One broker on a folder; `async with`. users: who may log in, all with `PASSWORD`; only `ADMIN` may do anything at first."""

    def __init__(self, folder: Path, users: tuple[str, ...]) -> None:
        self.folder = folder
        self._users = (ADMIN, *users)
        self._ports = free_port(), free_port()
        self._inner, self._cards = free_port(), free_port()
        self._authority = trustme.CA()
        self._process: asyncio.subprocess.Process | None = None
        self.ca = folder / "ca.pem"

    @property
    def bootstrap(self) -> str:
        """Return the address for clients."""
        return f"localhost:{self._ports[0]}"

    def settings(self, user: str, **changes: object) -> KafkaSettings:
        """Return how a user comes in; changes: what is to be otherwise."""
        own = {
            "bootstrap": self.bootstrap,
            "security_protocol": "SASL_SSL",
            "sasl_username": user,
            "sasl_password": SecretStr(PASSWORD),
            "ssl_cafile": self.ca,
        }
        return KafkaSettings.model_validate({**own, **changes})

    def by_certificate(self, *, shown: bool) -> KafkaSettings:
        """Return how a client comes in by the door that wants its certificate."""
        card = self.folder / "client.pem"
        self._authority.issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(card)
        own = {"bootstrap": f"localhost:{self._cards}", "security_protocol": "SSL", "ssl_cafile": self.ca}
        return KafkaSettings.model_validate({**own, **({"ssl_certfile": card} if shown else {})})

    def environment(self, user: str) -> dict[str, str]:
        """Return the variables by which a command comes in as a user; the password is in a file."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD + "\n", encoding="utf-8")
        names = {
            "SECURITY_PROTOCOL": "SASL_SSL",
            "SASL_USERNAME": user,
            "SASL_PASSWORD_FILE": str(secret),
            "SSL_CAFILE": str(self.ca),
        }
        return {f"ANABRANCH_KAFKA__{name}": value for name, value in names.items()}

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_certificates()
        self._write_properties()
        jvm = await asyncio.to_thread(prepare_jvm)
        archive = await asyncio.to_thread(lambda: prepare_archive(jvm, prepare_template(jvm)))
        await asyncio.to_thread(self._format, jvm)
        with (self.folder / "kafka.log").open("ab") as log:
            self._process = await spawn(jvm.broker(320, jvm.use(archive), PROPERTIES), self.folder, log)
        async with asyncio.timeout(_START_S):
            with quiet_clients():
                await port_opens("localhost", self._ports[0])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def allow(self) -> None:
        """Give all roles their rights, as deploy/kafka/acls.sh says them to `kafka-acls` (which is no part of the broker's jars)."""
        said, program = self.folder / "acls", self.folder / "kafka-acls"
        program.write_text(f'#!/bin/sh\necho "$*" >> {said}\n', encoding="utf-8")
        program.chmod(0o755)
        environment = {**os.environ, "KAFKA": self.bootstrap, "CONFIG": "-", "KAFKA_ACLS": str(program)}
        subprocess.run(["sh", str(deploy_file("acls.sh"))], env=environment, check=True, timeout=_START_S)
        admin = self._admin()  # kept until the last answer: librdkafka drops what is asked of a client that nobody holds
        for future in admin.create_acls([one for line in said.read_text().splitlines() for one in _bindings(line)]).values():
            future.result(30)

    def _admin(self) -> AdminClient:
        return AdminClient(
            {
                "bootstrap.servers": self.bootstrap,
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": ADMIN,
                "sasl.password": PASSWORD,
                "ssl.ca.location": str(self.ca),
            }
        )

    def _write_certificates(self) -> None:
        self._authority.cert_pem.write_to_path(self.ca)
        own = self._authority.issue_cert("localhost")
        key = serialization.load_pem_private_key(own.private_key_pem.bytes(), None)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / "broker.pem").write_bytes(pem + b"".join(part.bytes() for part in own.cert_chain_pems))

    def _write_properties(self) -> None:
        """Write those of every embedded broker, and then what differs (the last line about a name holds)."""
        write_properties(self.folder, self._ports)
        doors = f"SASL_SSL://localhost:{self._ports[0]},CARDS://localhost:{self._cards},INNER://127.0.0.1:{self._inner}"
        more = [
            f"listeners={doors},CONTROLLER://127.0.0.1:{self._ports[1]}",
            f"advertised.listeners={doors}",
            "listener.security.protocol.map=SASL_SSL:SASL_SSL,CARDS:SSL,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "listener.name.cards.ssl.client.auth=required",
            "inter.broker.listener.name=INNER",
            "sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;",
            f'listener.name.sasl_ssl.plain.sasl.jaas.config={_PLAIN} required user_{ADMIN}="{PASSWORD}";',
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={self.folder / 'broker.pem'}",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={self.ca}",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            f"super.users=User:ANONYMOUS;User:{ADMIN}",
        ]
        with (self.folder / PROPERTIES).open("a", encoding="utf-8") as file:
            file.write("\n" + "\n".join(more) + "\n")

    def _format(self, jvm: Jvm) -> None:
        users = [part for user in self._users for part in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={PASSWORD}]")]
        main = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", PROPERTIES, *users)
        environment = broker_environment(os.environ)
        done = subprocess.run(
            jvm.command(256, (), main), cwd=self.folder, env=environment, check=False, capture_output=True, text=True, timeout=_START_S
        )
        assert done.returncode == 0, done.stderr or done.stdout


def _bindings(line: str) -> list[AclBinding]:
    """Return what a call of `kafka-acls` asks for. Raises `SystemExit` on an option that it does not have."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--add", action="store_true", required=True)
    for name in ("--bootstrap-server", "--command-config", "--allow-principal"):
        parser.add_argument(name, required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--topic")
    parser.add_argument("--group")
    asked = parser.parse_args(line.split())
    kind, name = (ResourceType.TOPIC, asked.topic) if asked.topic else (ResourceType.GROUP, asked.group)
    return [
        AclBinding(
            kind, name, ResourcePatternType.LITERAL, asked.allow_principal, "*", AclOperation[_shout(operation)], AclPermissionType.ALLOW
        )
        for operation in asked.operation
    ]


def _shout(operation: str) -> str:
    """Return Kafka's name of an operation as its protocol has it: `DescribeConfigs` → `DESCRIBE_CONFIGS`."""
    return "".join(f"_{letter}" if letter.isupper() and place else letter for place, letter in enumerate(operation)).upper()
