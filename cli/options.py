"""The options that several commands share, and how a running instance is found."""

from pathlib import Path
from typing import Annotated, Final

import typer

from broker.connection import KafkaSettings
from broker.instance import Instance, read_instance
from schemas.failure import UsageFailure

DEFAULT_DATA: Final = Path(".anabranch")

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Directory of the instance.")]
Kafka = Annotated[str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Kafka to use instead of the instance's own.")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Edge to use instead of the instance's own.")]
Token = Annotated[
    str | None, typer.Option("--token", envvar="ANABRANCH_TOKEN", help="Access token; default: one made from the instance's secret.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def running(data: Path) -> Instance:
    """Return the instance that runs on a data directory. Raises `UsageFailure` when there is none."""
    instance = read_instance(data)
    if instance is None:
        raise UsageFailure(f"No instance runs on {data}: start one with `anabranch up --data {data}`, or name one by --kafka and --url.")
    return instance


def kafka_settings(data: Path, kafka: str | None) -> KafkaSettings:
    """Return how to reach Kafka: the given address, else that of the instance on `data`."""
    if kafka is not None:
        return KafkaSettings(bootstrap=kafka)
    address = running(data).kafka
    if address is None:
        raise UsageFailure(f"The instance on {data} has no Kafka yet: wait until it is ready, or name one by --kafka.")
    return KafkaSettings(bootstrap=address)


def edge_url(data: Path, url: str | None) -> str:
    """Return the edge's address without a trailing slash."""
    address = url or running(data).url
    if address is None:
        raise UsageFailure(f"The instance on {data} has no edge: start one with `anabranch edge --data {data}`, or name one by --url.")
    return address.rstrip("/")
