"""What runs where: `DIR/instance.json`, by which a command finds the running parts of a data directory."""

from pathlib import Path
from typing import TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, ValidationError

from broker.files import write_whole
from schemas.failure import Failure


class Instance(BaseModel):
    """The running parts of one data directory. An address is None as long as that part does not run.

    url: the edge's public address. private_url: its health and metrics. kafka: HOST:PORT. pid: of the process that started it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str | None = None
    private_url: str | None = None
    kafka: str | None = None
    data: str
    pid: int | None = None


class Parts(TypedDict, total=False):
    """The fields of an `Instance` that a part may announce."""

    url: str | None
    private_url: str | None
    kafka: str | None
    pid: int | None


def instance_path(data: Path) -> Path:
    """Return where the data directory keeps its instance."""
    return data / "instance.json"


def read_instance(data: Path) -> Instance | None:
    """Return what runs in the directory, or None when nothing was announced. Raises `Failure` on a damaged file."""
    path = instance_path(data)
    try:
        return Instance.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise Failure(f"{data} is not a directory: choose another --data.") from None
    except ValidationError:
        raise Failure(f"{path} is damaged: delete it and start the parts again.") from None


def write_instance(data: Path, instance: Instance) -> None:
    """Announce an instance, in place of any former one."""
    write_whole(instance_path(data), instance.model_dump_json(indent=2) + "\n")


def update_instance(data: Path, **parts: Unpack[Parts]) -> Instance:
    """Announce some parts and keep the others; returns the whole. Two parts must not do this at the same moment."""
    known = read_instance(data) or Instance(data=str(data.resolve()))
    instance = known.model_copy(update=dict(parts))
    write_instance(data, instance)
    return instance
