"""`anabranch webhook`: takes what GitHub delivers."""

import asyncio
import json
import os
from typing import Annotated, Final

import typer
from pydantic import SecretStr

from broker.reach import quiet_clients
from cli.interrupt import until_signal
from cli.options import DEFAULT_DATA, Data, JsonLog, Kafka, kafka_settings
from cli.process import prepare_process
from schemas.failure import UsageFailure

VARIABLE: Final = "ANABRANCH_WEBHOOK_SECRET"
MIN_CHARS: Final = 16
DEFAULT_PORT: Final = 8480


def webhook(
    host: Annotated[str, typer.Option("--host", help="Address to listen at; put a TLS proxy in front of any other.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port to listen at; 0 takes a free one.")] = DEFAULT_PORT,
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    *,
    as_json: JsonLog = False,
) -> None:
    """Receive GitHub's webhooks until Ctrl-C: issues become tasks. The secret is in ANABRANCH_WEBHOOK_SECRET."""
    from connectors.webhook.app import PATH, bind, run  # noqa: PLC0415  because FastAPI takes half a second to import

    prepare_process(as_json=as_json)
    secret, settings = secret_of(os.environ.get(VARIABLE, "")), kafka_settings(data, kafka)
    bound = bind(host, port)
    url = f"http://{host}:{bound.getsockname()[1]}{PATH}"

    def listening() -> None:
        typer.echo(json.dumps({"url": url}) if as_json else f"Deliveries are taken at {url}. Ctrl-C ends it.")

    with quiet_clients():
        asyncio.run(until_signal(run(bound, secret, settings, data, listening)))


def secret_of(text: str) -> SecretStr:
    """Return the secret. Raises `UsageFailure` when there is none worth the name."""
    if len(text) < MIN_CHARS:
        what = f"is shorter than {MIN_CHARS} characters" if text else "is not set"
        raise UsageFailure(f"{VARIABLE} {what}: make one with `openssl rand -hex 32`, and give GitHub the same.")
    return SecretStr(text)
