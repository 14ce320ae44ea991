"""What every start of an embedded broker needs, made once per machine: jars, a formatted directory, a class archive."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import Final

from broker.cache import Progress, exclusive, no_progress, work_folder
from broker.connection import KafkaSettings
from broker.deploy import deploy_file
from broker.jars import kafka_home, kafka_jars
from broker.java import find_java
from broker.launch import Jvm, broker_environment
from broker.lifeline import die_with_parent
from broker.ports import free_port
from broker.reach import quiet_clients
from broker.ready import exercise
from schemas.failure import Failure

PROPERTIES: Final = "server.properties"
_FORMAT_TIMEOUT_S: Final = 120
_TRAINING_TIMEOUT_S: Final = 120
_RETRY_S: Final = 24 * 3600
_HEAP_MB: Final = 256
_DEDUPE_BYTES: Final = 2 * 1024 * 1024
_PRODUCTION_DEDUPE_BYTES: Final = 32 * 1024 * 1024


def prepare_jvm(progress: Progress = no_progress, *, production: bool = False) -> Jvm:
    """Return the JVM that a broker runs on; fetches Kafka at the first call on a machine. Blocks. Raises `Failure`."""
    return Jvm(find_java(), tuple(kafka_jars(progress)), production)


def prepare_template(jvm: Jvm) -> Path:
    """Return a formatted directory of this Kafka version, to be copied, never used in place. Blocks. Raises `Failure`."""
    home = kafka_home()
    template = home / "template"
    with exclusive(home):
        if not template.is_dir():
            with work_folder(home) as scratch:
                _format(jvm, scratch).replace(template)
    return template


def prepare_archive(jvm: Jvm, template: Path, progress: Progress = no_progress) -> Path | None:
    """Return the class archive that makes starts of this JVM quick, or None when it cannot be made. Blocks, some 10 s at the first call.

    A broker is run once, does what ours do, and writes the archive when it ends (Kafka's own image is made in the same way).
    """
    home = kafka_home()
    archive = home / jvm.archive_name
    without = archive.with_suffix(".none")
    with exclusive(home):
        if not archive.is_file() and not _is_fresh(without):
            progress("Preparing Kafka for quick starts, once …")
            without.touch()
            with suppress(OSError, TimeoutError, subprocess.SubprocessError), work_folder(home) as scratch:
                _train(jvm, template, scratch).replace(archive)
                without.unlink()
    return archive if archive.is_file() else None


def _is_fresh(path: Path) -> bool:
    """Say whether a failure was noted here lately: a Java that cannot make archives shall not try at every start."""
    try:
        return time.time() - path.stat().st_mtime < _RETRY_S
    except FileNotFoundError:
        return False


def copy_template(template: Path, target: Path) -> None:
    """Make a broker's directory from the template, whole or not at all, with identities of its own. Raises `OSError`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as scratch:
        fresh = Path(shutil.copytree(template, Path(scratch) / "data"))
        meta = fresh / "meta.properties"
        meta.write_text(_with_identity(meta.read_text(encoding="utf-8")), encoding="utf-8")
        fresh.replace(target)


def write_properties(folder: Path, ports: tuple[int, int], *, production: bool = False) -> None:
    """Write the broker's `server.properties` into the folder that it runs in; ports: clients' and controller's. Raises `OSError`.

    Its data is in `data` there, a relative path: `log.dirs` cannot hold a comma, and a properties file no letter outside Latin-1.
    """
    port, controller_port = ports
    values = {
        "port": str(port),
        "controller_port": str(controller_port),
        "dedupe_bytes": str(_PRODUCTION_DEDUPE_BYTES if production else _DEDUPE_BYTES),
    }
    template = Template(deploy_file("local/server.properties").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PROPERTIES).write_text(template.substitute(values), encoding="utf-8")


def _with_identity(meta: str) -> str:
    own = {"cluster.id": _uuid(), "directory.id": _uuid()}
    lines = (line.partition("=") for line in meta.splitlines())
    return "".join(f"{name}={own.get(name, value)}\n" if sign else f"{name}\n" for name, sign, value in lines)


def _uuid() -> str:
    """Return a random id as Kafka writes them: 128 bits in URL-safe base64 (22 characters), never with a leading dash."""
    while True:
        text = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _format(jvm: Jvm, scratch: Path) -> Path:
    write_properties(scratch, (free_port(), free_port()))
    main = ("kafka.tools.StorageTool", "format", "-t", _uuid(), "-c", PROPERTIES)
    done = subprocess.run(  # noqa: S603  because every part is ours
        jvm.command(_HEAP_MB, (), main),
        cwd=scratch,
        env=broker_environment(os.environ),
        check=False,
        capture_output=True,
        text=True,
        timeout=_FORMAT_TIMEOUT_S,
    )
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Failure(f"Kafka could not format its directory in {scratch.parent}: {' '.join(last) or f'exit code {done.returncode}'}.")
    return scratch / "data"


def _train(jvm: Jvm, template: Path, scratch: Path) -> Path:
    archive, port = scratch / "archive", free_port()
    copy_template(template, scratch / "data")
    write_properties(scratch, (port, free_port()))
    command = jvm.broker(_HEAP_MB, jvm.make(archive), PROPERTIES)
    with subprocess.Popen(  # noqa: S603  because every part is ours
        command,
        cwd=scratch,
        env=broker_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  because only the child itself can ask the kernel for its parent's death
    ) as process:
        try:
            with quiet_clients():  # the group's coordinator comes up only while it is asked for
                asyncio.run(_exercised(KafkaSettings(bootstrap=f"127.0.0.1:{port}")))
            process.send_signal(signal.SIGTERM)
            process.wait(_TRAINING_TIMEOUT_S)
        finally:
            process.kill()
    return archive


async def _exercised(settings: KafkaSettings) -> None:
    async with asyncio.timeout(_TRAINING_TIMEOUT_S):
        await exercise(settings)


def free_bytes(path: Path) -> int:
    """Return the free space of the disk that holds the path."""
    return shutil.disk_usage(path).free
