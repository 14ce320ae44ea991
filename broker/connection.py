"""How every process reaches Kafka: address, credentials and the names of this deployment's topics."""

import ssl
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from schemas.failure import UsageFailure
from schemas.topics import TASK_CHANGES

_BAD_ADDRESS = "must be HOST:PORT (several separated by commas), for example 127.0.0.1:9092"
_MAX_PORT = 65535
_NAMES = "ANABRANCH_KAFKA__"


class KafkaSettings(BaseModel):
    """One Kafka cluster and one set of topics in it.

    bootstrap: HOST:PORT, several separated by commas. topic_prefix: put before every topic name, so that tests and
    tenants can share a cluster; take names from `topic()` only. output_prefix: put before the names of all topics but
    `task-changes`, so that a second life of the rows can be made of the same log. Files are PEM. ssl_cafile: who may have signed
    the brokers' certificates (default: whom the system trusts). ssl_certfile, ssl_keyfile: this client's own certificate, where
    brokers ask for one. A secret is given as text or as a file that holds it. ssl_check_hostname: the certificate must be for the
    name that was dialled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    output_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_password_file: Path | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_key_password: SecretStr | None = None
    ssl_key_password_file: Path | None = None
    ssl_check_hostname: bool = True

    @field_validator("bootstrap")
    @classmethod
    def _is_address(cls, value: str) -> str:
        for part in value.split(","):
            host, _, port = part.strip().rpartition(":")
            if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= _MAX_PORT:
                raise ValueError(_BAD_ADDRESS)
        return ",".join(part.strip() for part in value.split(","))

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        for name in ("sasl_password", "ssl_key_password"):
            if getattr(self, name) is not None and getattr(self, f"{name}_file") is not None:
                raise ValueError(f"has both {_NAMES}{name.upper()} and {_NAMES}{name.upper()}_FILE: set one of them")
        if self.ssl_keyfile is not None and self.ssl_certfile is None:
            raise ValueError(f"has a key without its certificate: set {_NAMES}SSL_CERTFILE too")
        if self.security_protocol.startswith("SASL") and not self._has_login():
            raise ValueError(
                f"has {self.security_protocol} and no login: set {_NAMES}SASL_USERNAME, "
                f"and {_NAMES}SASL_PASSWORD or {_NAMES}SASL_PASSWORD_FILE"
            )
        return self

    def _has_login(self) -> bool:
        return bool(self.sasl_username) and (self.sasl_password is not None or self.sasl_password_file is not None)

    def topic(self, name: str) -> str:
        """Return the name in Kafka of a topic of `schemas.topics`."""
        return self.topic_prefix + ("" if name == TASK_CHANGES else self.output_prefix) + name


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the keyword arguments that every aiokafka client of this deployment needs. Raises `UsageFailure` on a bad file."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol in {"SSL", "SASL_SSL"}:
        options["ssl_context"] = _tls(settings)
    if settings.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = _secret("SASL_PASSWORD", settings.sasl_password, settings.sasl_password_file)
    return options


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    password = _secret("SSL_KEY_PASSWORD", settings.ssl_key_password, settings.ssl_key_password_file) or ""
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile)
    except OSError as error:
        raise _bad_file("SSL_CAFILE", settings.ssl_cafile, error) from None
    context.check_hostname = settings.ssl_check_hostname
    if settings.ssl_certfile is not None:
        try:
            # As a function: without one, OpenSSL would ask for the password of a locked key on the terminal.
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, lambda: password)
        except (OSError, ValueError) as error:
            raise _bad_file("SSL_CERTFILE", settings.ssl_certfile, error, "with its key and password ") from None
    return context


def _secret(name: str, text: SecretStr | None, file: Path | None) -> str | None:
    if file is None:
        return None if text is None else text.get_secret_value()
    try:
        return file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad_file(f"{name}_FILE", file, error) from None


def _bad_file(name: str, path: Path | None, error: OSError | ValueError, what: str = "") -> UsageFailure:
    why = f": {error.strerror}" if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else " as PEM"
    return UsageFailure(f"The file {path} of {_NAMES}{name} cannot be used {what}({why.lstrip(': ')}): mend the file or its name.")
