"""Laws of refusals: what a first connection met, in words."""

import asyncio
import ssl

import pytest
from aiokafka.errors import IllegalSaslStateError, KafkaConnectionError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from broker.connection import KafkaSettings
from broker.refusal import explain, why_refused
from schemas.failure import Failure, Refused

SETTINGS = KafkaSettings(bootstrap="k:9093", security_protocol="SSL")


def certificate(code: int) -> ssl.SSLCertVerificationError:
    """Return the error of a certificate that was not taken."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "self-signed certificate in certificate chain"
    return error


@pytest.mark.parametrize(
    ("error", "final", "words"),
    [
        (certificate(19), True, r"not trusted \(self-signed .*SSL_CAFILE"),
        (certificate(62), True, "another name.*SSL_CHECK_HOSTNAME"),
        (certificate(64), True, "another name"),
        (SaslAuthenticationFailed("no"), True, "SASL_PASSWORD_FILE"),
        (UnsupportedSaslMechanismError("no"), True, "SASL_MECHANISM"),
        (IllegalSaslStateError("no"), True, "SASL_MECHANISM"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), False, "does not speak TLS"),
        (KafkaConnectionError("closed"), False, "cuts the connection off.*SECURITY_PROTOCOL.*SSL_CERTFILE"),
    ],
)
def test_a_refusal_is_one_sentence(error: Exception, final: bool, words: str) -> None:  # noqa: FBT001  a law's parameter
    """It names the address and the setting to look at; only what another setting alone can mend is final."""
    found = explain(SETTINGS, "k:9093", error)
    assert isinstance(found, Failure)
    assert isinstance(found, Refused) == final
    assert "k:9093" in str(found)
    with pytest.raises(Failure, match=words):
        raise found


def test_nobody_there_is_no_refusal() -> None:
    """An address without a listener says nothing about settings."""
    assert explain(SETTINGS, "k:9093", ConnectionRefusedError()) is None
    assert explain(SETTINGS, "k:9093", TimeoutError()) is None


async def test_a_port_of_something_else_is_told_apart_from_none() -> None:
    """What hangs up is named; an address where nobody listens is passed over for the next."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await why_refused(KafkaSettings(bootstrap=f"127.0.0.1:1,127.0.0.1:{port}"))
    assert f"Kafka at 127.0.0.1:{port} cuts the connection off" in str(found)
    assert await why_refused(KafkaSettings(bootstrap="127.0.0.1:1")) is None
