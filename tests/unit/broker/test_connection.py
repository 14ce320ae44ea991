"""Laws of the Kafka connection settings."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr, ValidationError

from broker.connection import KafkaSettings, client_options
from schemas.failure import UsageFailure
from schemas.topics import TASK_CHANGES

SECRET = "s3cret-of-anna"  # noqa: S105  because it is the credential under test
LOGIN: dict[str, Any] = {"sasl_username": "anna", "sasl_password": SecretStr(SECRET)}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give a folder with `ca.pem`, `client.pem` (certificate and key) and `password`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    (tmp_path / "password").write_text(SECRET + "\n")
    return tmp_path


@pytest.mark.parametrize("address", ["", "localhost", ":9092", "h:0", "h:99999", "h:port", "a:1,,b:2"])
def test_bad_address_is_refused(address: str) -> None:
    """An address that no client could use is refused before anything connects."""
    with pytest.raises(ValidationError, match="HOST:PORT"):
        KafkaSettings(bootstrap=address)


def test_several_addresses_are_kept() -> None:
    """A list of brokers, IPv6 among them, is an address."""
    assert KafkaSettings(bootstrap="a:1, [::1]:2").bootstrap == "a:1,[::1]:2"


def test_prefix_names_the_topics() -> None:
    """Two prefixes never share a topic, and no prefix leaves the names of `schemas.topics`."""
    assert KafkaSettings().topic(TASK_CHANGES) == "task-changes"
    assert KafkaSettings(topic_prefix="t1-").topic(TASK_CHANGES) == "t1-task-changes"


def test_options_hold_credentials_only_when_used() -> None:
    """Credentials reach the client with SASL only, and never the settings' text."""
    settings = KafkaSettings(**LOGIN)
    assert client_options(settings) == {"bootstrap_servers": "127.0.0.1:9092", "security_protocol": "PLAINTEXT"}
    options = client_options(settings.model_copy(update={"security_protocol": "SASL_PLAINTEXT"}))
    assert options["sasl_plain_password"] == SECRET
    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()


def test_a_password_may_be_in_a_file(files: Path) -> None:
    """As secrets are mounted; a line end is no part of it."""
    settings = KafkaSettings(security_protocol="SASL_PLAINTEXT", sasl_username="anna", sasl_password_file=files / "password")
    assert client_options(settings)["sasl_plain_password"] == SECRET


def test_certificates_are_checked_with_their_names(files: Path) -> None:
    """Who signed it and for which name, unless the name alone is given up; a certificate of one's own is taken along."""
    settings = KafkaSettings(security_protocol="SSL", ssl_cafile=files / "ca.pem", ssl_certfile=files / "client.pem")
    context = client_options(settings)["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    context = client_options(settings.model_copy(update={"ssl_check_hostname": False}))["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, False)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"security_protocol": "SASL_SSL"}, "no login: set ANABRANCH_KAFKA__SASL_USERNAME"),
        ({"security_protocol": "SASL_SSL", "sasl_username": "anna"}, "SASL_PASSWORD_FILE"),
        ({**LOGIN, "sasl_password_file": "x"}, "set one of them"),
        ({"ssl_key_password": "a", "ssl_key_password_file": "x"}, "set one of them"),
        ({"ssl_keyfile": "x"}, "set ANABRANCH_KAFKA__SSL_CERTFILE too"),
    ],
)
def test_half_a_login_is_refused(values: dict[str, Any], words: str) -> None:
    """Before anything connects, with the names to set, and without what was given."""
    with pytest.raises(ValidationError, match=words) as error:
        KafkaSettings(**values)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"ssl_cafile": "nowhere.pem"}, r"nowhere\.pem of ANABRANCH_KAFKA__SSL_CAFILE cannot be used \(No such file"),
        ({"ssl_cafile": "password"}, r"SSL_CAFILE cannot be used \(as PEM\)"),
        ({"ssl_cafile": "ca.pem", "ssl_certfile": "ca.pem"}, r"SSL_CERTFILE cannot be used with its key and password \(as PEM\)"),
        ({"ssl_cafile": "ca.pem", "ssl_key_password_file": "nowhere"}, "SSL_KEY_PASSWORD_FILE cannot be used"),
    ],
)
def test_a_bad_file_is_one_sentence(files: Path, values: dict[str, str], words: str) -> None:
    """It names the file and the setting."""
    settings = KafkaSettings.model_validate({"security_protocol": "SSL", **{name: files / value for name, value in values.items()}})
    with pytest.raises(UsageFailure, match=words) as failure:
        client_options(settings)
    assert "\n" not in str(failure.value)


def test_a_locked_key_asks_nobody(files: Path) -> None:
    """A key with a wrong password is refused at once, with no question on a terminal; with the right one it is taken."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  because only this law needs it

    held = (files / "client.pem").read_bytes()
    key = serialization.load_pem_private_key(held, None)
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(SECRET.encode())
    )
    (files / "locked.pem").write_bytes(locked)
    (files / "only.pem").write_bytes(held[held.index(b"-----BEGIN CERTIFICATE") :])
    settings = KafkaSettings(
        security_protocol="SSL", ssl_cafile=files / "ca.pem", ssl_certfile=files / "only.pem", ssl_keyfile=files / "locked.pem"
    )
    with pytest.raises(UsageFailure, match="SSL_CERTFILE cannot be used"):
        client_options(settings)
    assert client_options(settings.model_copy(update={"ssl_key_password": SecretStr(SECRET)}))["ssl_context"].check_hostname
