"""Laws of the Kafka connection settings."""

import pytest
from pydantic import SecretStr, ValidationError

from broker.connection import KafkaSettings, client_options
from schemas.topics import TASK_CHANGES


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
    settings = KafkaSettings(sasl_username="anna", sasl_password=SecretStr("s3cret"))
    assert client_options(settings) == {"bootstrap_servers": "127.0.0.1:9092", "security_protocol": "PLAINTEXT"}
    options = client_options(settings.model_copy(update={"security_protocol": "SASL_PLAINTEXT"}))
    assert options["sasl_plain_password"] == "s3cret"  # noqa: S105  because it is the credential under test
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in settings.model_dump_json()
