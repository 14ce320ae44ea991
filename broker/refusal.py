"""Why Kafka takes no client with these settings. aiokafka only says that it could not connect, so one connection is tried by hand."""

import ssl
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from broker.connection import KafkaSettings, client_options
from schemas.failure import Failure, Refused

_TIMEOUT_MS: Final = 5_000
_NAMES: Final = "ANABRANCH_KAFKA__"
_MISMATCH: Final = {62, 64}
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""


async def why_refused(settings: KafkaSettings) -> Failure | None:
    """Return what the first address that answers has against this client; None: nobody is there.

    It is `Refused` where only other settings help.
    """
    options = client_options(settings)
    del options["bootstrap_servers"]
    for address in settings.bootstrap.split(","):
        try:
            await _knock(address, options)
        except (KafkaError, OSError, TimeoutError) as error:
            found = explain(settings, address, error)
            if found is not None:
                return found
        else:
            return Failure(
                f"Kafka at {address} answers, but did not do in time what was asked: try again, or look at its log and the rights."
            )
    return None


async def _knock(address: str, options: dict[str, Any]) -> None:
    host, _, port = address.rpartition(":")
    connection = await create_conn(host.strip("[]"), int(port), request_timeout_ms=_TIMEOUT_MS, **options)
    connection.close()


def explain(settings: KafkaSettings, address: str, error: Exception) -> Failure | None:
    """Return what an error of a first connection means for a person; None when it only says that nobody is there."""
    match error:
        case ssl.SSLCertVerificationError():
            return Refused(_untrusted(address, error))
        case ssl.SSLError():
            why = getattr(error, "reason", None) or "cut off"
            return Failure(
                f"Kafka at {address} does not speak TLS as {settings.security_protocol} wants it ({why}): "
                f"check {_NAMES}SECURITY_PROTOCOL and that this is the port for it."
            )
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            return Refused(
                f"Kafka at {address} refuses the user {settings.sasl_username} or the password: check {_NAMES}SASL_USERNAME and "
                f"{_NAMES}SASL_PASSWORD (or {_NAMES}SASL_PASSWORD_FILE), and that the user exists with {settings.sasl_mechanism}."
            )
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return Refused(f"Kafka at {address} takes no login by {settings.sasl_mechanism}: check {_NAMES}SASL_MECHANISM and the port.")
        case KafkaError() | ConnectionResetError():
            return Failure(
                f"Kafka at {address} cuts the connection off: check that this port is for {settings.security_protocol} "
                f"({_NAMES}SECURITY_PROTOCOL){_own_certificate(settings)}."
            )
        case _:
            return None


def _untrusted(address: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _MISMATCH:
        return (
            f"The certificate of Kafka at {address} is for another name: use a name that it has in {_NAMES}BOOTSTRAP "
            f"(or, where that cannot be, {_NAMES}SSL_CHECK_HOSTNAME=false)."
        )
    return (
        f"The certificate of Kafka at {address} is not trusted ({error.verify_message}): set {_NAMES}SSL_CAFILE to the certificate "
        "of the authority that signed it."
    )


def _own_certificate(settings: KafkaSettings) -> str:
    wants = settings.security_protocol in {"SSL", "SASL_SSL"} and settings.ssl_certfile is None
    return f", and whether it wants a certificate of the client ({_NAMES}SSL_CERTFILE)" if wants else ""
