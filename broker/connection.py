"""How every process reaches Kafka: address, credentials and the names of this deployment's topics."""

import ssl
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from schemas.topics import TASK_CHANGES

_BAD_ADDRESS = "must be HOST:PORT (several separated by commas), for example 127.0.0.1:9092"
_MAX_PORT = 65535


class KafkaSettings(BaseModel):
    """One Kafka cluster and one set of topics in it.

    bootstrap: HOST:PORT, several separated by commas. topic_prefix: put before every topic name, so that tests and
    tenants can share a cluster; take names from `topic()` only. output_prefix: put before the names of all topics but
    `task-changes`, so that a second life of the rows can be made of the same log.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    output_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: str | None = None

    @field_validator("bootstrap")
    @classmethod
    def _is_address(cls, value: str) -> str:
        for part in value.split(","):
            host, _, port = part.strip().rpartition(":")
            if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= _MAX_PORT:
                raise ValueError(_BAD_ADDRESS)
        return ",".join(part.strip() for part in value.split(","))

    def topic(self, name: str) -> str:
        """Return the name in Kafka of a topic of `schemas.topics`."""
        return self.topic_prefix + ("" if name == TASK_CHANGES else self.output_prefix) + name


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the keyword arguments that every aiokafka client of this deployment needs. Raises `OSError` on a bad CA file."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol in {"SSL", "SASL_SSL"}:
        options["ssl_context"] = ssl.create_default_context(cafile=settings.ssl_cafile)
    if settings.security_protocol.startswith("SASL"):
        password = settings.sasl_password
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = None if password is None else password.get_secret_value()
    return options
