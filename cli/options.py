"""The options that several commands share, and how a running instance is found."""

from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from broker.connection import KafkaSettings
from broker.instance import Instance, read_instance
from broker.ports import free_port
from schemas.failure import UsageFailure

DEFAULT_DATA: Final = Path(".anabranch")
DEFAULT_PORT: Final = 8400

_Settings = TypeVar("_Settings", bound=BaseSettings)

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Directory of the instance.")]
Kafka = Annotated[str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Kafka to use instead of the instance's own.")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Edge to use instead of the instance's own.")]
Token = Annotated[
    str | None, typer.Option("--token", envvar="ANABRANCH_TOKEN", help="Access token; default: one made from the instance's secret.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Ask = Annotated[
    list[str] | None,
    typer.Option("--ask", metavar="URL", envvar="ANABRANCH_ASK", help="Private port of a worker or edge elsewhere; may be given again."),
]
JsonLog = Annotated[bool, typer.Option("--json", help="Log as JSON, one object a line.")]


def running(data: Path) -> Instance:
    """Return the instance that runs on a data directory. Raises `UsageFailure` when there is none."""
    instance = read_instance(data)
    if instance is None:
        raise UsageFailure(f"No instance runs on {data}: start one with `anabranch up --data {data}`, or name one by --kafka and --url.")
    return instance


class Client(BaseSettings):
    """How a command reaches Kafka: names in the environment start with ANABRANCH_KAFKA__ (TLS, SASL, topic prefix)."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="ANABRANCH_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    kafka: KafkaSettings = KafkaSettings()
    application_id: str = "anabranch"


def kafka_settings(data: Path, kafka: str | None) -> KafkaSettings:
    """Return how to reach Kafka: the given address, else that of the instance on `data`."""
    return checked(Client, kafka=bootstrap(data, kafka)).kafka


def application_id() -> str:
    """Return the workers' application id, of which their consumer group is named."""
    return checked(Client, kafka={}).application_id


def bootstrap(data: Path, kafka: str | None) -> dict[str, str]:
    """Return Kafka's address as settings: the given one, else that of the instance on `data`. Raises `UsageFailure`."""
    if kafka is not None:
        return {"bootstrap": kafka}
    if (address := running(data).kafka) is None:
        raise UsageFailure(f"The instance on {data} has no Kafka yet: wait until it is ready, or name one by --kafka.")
    return {"bootstrap": address}


def checked(settings: type[_Settings], **values: Any) -> _Settings:  # noqa: ANN401  because each settings class has values of its own
    """Return settings from the environment and `values`, which win. Raises `UsageFailure` that names the wrong setting."""
    try:
        return settings(**values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        name = "__".join(str(part) for part in first["loc"]).upper()
        if not name:  # settings that do not go together
            raise UsageFailure(f"{message[:1].upper()}{message[1:]}.") from None
        raise UsageFailure(f"The setting ANABRANCH_{name} is wrong: it {message}.") from None


def edge_url(data: Path, url: str | None) -> str:
    """Return the edge's address without a trailing slash."""
    address = url or running(data).url
    if address is None:
        raise UsageFailure(f"The instance on {data} has no edge: start one with `anabranch edge --data {data}`, or name one by --url.")
    return address.rstrip("/")


def page_port(port: int | None) -> int:
    """Return the port for the page: the given one, which must be free; any free one for 0; by default 8400 or a free one."""
    return free_port(DEFAULT_PORT if port is None else port or None, strict=bool(port))
