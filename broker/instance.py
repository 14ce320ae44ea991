"""What runs where: `DIR/instance.json`, by which a command finds the running parts of a data directory."""

from pathlib import Path
from typing import Final, TypedDict, Unpack

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from broker.files import write_whole
from schemas.failure import Failure

_CLOCK_SLACK_S: Final = 2.0


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
    """Return what runs in the directory, or None when nothing does: nothing was announced, or the announcer was killed.

    Raises `Failure` on a damaged file.
    """
    path = instance_path(data)
    try:
        instance = Instance.model_validate_json(path.read_bytes())
        return instance if instance.pid is None or lives(instance.pid, path.stat().st_mtime) else None
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise Failure(f"{data} is not a directory: choose another --data.") from None
    except ValidationError:
        raise Failure(f"{path} is damaged: delete it and start the parts again.") from None


def lives(pid: int, announced_at: float) -> bool:
    """Say whether the process that announced itself lives; one that started after the announcement only has the same number."""
    try:
        return psutil.Process(pid).create_time() <= announced_at + _CLOCK_SLACK_S
    except psutil.NoSuchProcess:
        return False


def write_instance(data: Path, instance: Instance) -> None:
    """Announce an instance, in place of any former one."""
    write_whole(instance_path(data), instance.model_dump_json(indent=2) + "\n")


def update_instance(data: Path, **parts: Unpack[Parts]) -> Instance:
    """Announce some parts and keep the others; returns the whole. Two parts must not do this at the same moment."""
    known = read_instance(data) or Instance(data=str(data.resolve()))
    instance = known.model_copy(update=dict(parts))
    write_instance(data, instance)
    return instance


def remove_instance(data: Path) -> None:
    """Take the announcement back; nothing happens when there is none."""
    instance_path(data).unlink(missing_ok=True)
