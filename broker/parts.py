"""Who runs on a data directory: a file for each worker and edge in `DIR/parts`, by which commands find their private ports."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from broker.files import write_whole
from broker.instance import lives

Kind = Literal["worker", "edge"]


class Part(BaseModel):
    """One running worker or edge. private_url: its health and metrics. directory: a worker's store."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Kind
    private_url: str
    url: str | None = None
    directory: str | None = None
    pid: int


@contextmanager
def announced(data: Path, kind: Kind, private_url: str, *, url: str | None = None, directory: Path | None = None) -> Iterator[None]:
    """Say in the data directory that this process runs, until the block ends."""
    part = Part(kind=kind, private_url=private_url, url=url, directory=None if directory is None else str(directory), pid=os.getpid())
    path = data / "parts" / f"{kind}-{part.pid}.json"
    with suppress(OSError):  # a part may run where nothing can be written: then commands are told its address
        write_whole(path, part.model_dump_json(indent=2) + "\n")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def running_parts(data: Path) -> list[Part]:
    """Return the workers and edges that run on the directory; what a killed process left is passed over."""
    found = []
    for path in sorted((data / "parts").glob("*.json")):
        try:
            part = Part.model_validate_json(path.read_bytes())
            if lives(part.pid, path.stat().st_mtime):
                found.append(part)
        except (FileNotFoundError, ValidationError):
            continue
    return found


def private_url(host: str, port: int) -> str:
    """Return the address of a private port as this machine reaches it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  because it is compared
    return f"http://{shown}:{port}"
