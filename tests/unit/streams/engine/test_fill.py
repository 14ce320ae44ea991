"""What a process that fills stores is told, and says."""

import pickle
from pathlib import Path

from pydantic import SecretStr

from broker.connection import KafkaSettings, client_options
from streams.engine.fill import Order, Part


def test_an_order_carries_its_secrets_and_shows_none() -> None:
    """The process reaches Kafka as its worker does; what is logged of an order tells nothing."""
    settings = KafkaSettings(security_protocol="SASL_PLAINTEXT", sasl_username="worker", sasl_password=SecretStr("geheim"))
    order = Order(settings, (Part(0, Path("store"), 7),))
    arrived: Order = pickle.loads(pickle.dumps(order))  # noqa: S301  as the process does
    assert client_options(arrived.settings) == client_options(settings) != {}
    assert arrived.parts == order.parts
    assert settings.sasl_password is not None
    assert settings.sasl_password.get_secret_value() not in repr(order)
