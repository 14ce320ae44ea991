"""Kafka's own jars: fetched once per machine, checked against `kafka.lock` at every use.

The lock names each file with its SHA-256 and no address: where a file comes from does not matter, what is in it does.
"""

import errno
import hashlib
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from broker.cache import Progress, cache_dir, exclusive, no_progress, work_folder
from schemas.failure import Failure

KAFKA_VERSION: Final = "4.3.1"
# Kafka's POMs name slf4j-api 1.7.36: a provider of slf4j 2 would not be found.
_COORDINATES: Final = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
_LOCK: Final = Path(__file__).with_name("kafka.lock")
_MVN_TIMEOUT_S: Final = 600
_OFFLINE: Final = (
    f"Kafka {KAFKA_VERSION} could not be fetched, neither by jgo nor by mvn: connect to the network "
    "(or set a mirror in ~/.config/jgo.conf) and try again, or use a running Kafka with --kafka HOST:PORT."
)

Source = Callable[[dict[str, str], Path, Progress], Iterator[Path]]
"""Yields files of the lock as they come, below the given directory; whatever it raises means that it could not go on."""


def read_lock(path: Path = _LOCK) -> dict[str, str]:
    """Return file name → SHA-256 (hex), in class path order."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name: digest for digest, name in rows}


def kafka_home() -> Path:
    """Return the directory of this Kafka version in the machine's cache."""
    return cache_dir() / f"kafka-{KAFKA_VERSION}"


def kafka_jars(
    progress: Progress = no_progress, sources: tuple[Source, ...] | None = None, lock: dict[str, str] | None = None
) -> list[Path]:
    """Return the class path, complete and checked; fetches what is missing. Blocks. Raises `Failure` when nobody has it.

    Files are moved into place one by one when they are right, so an interrupted fetch goes on where it stopped.
    """
    lock, jars = lock or read_lock(), kafka_home() / "jars"
    with exclusive(kafka_home()):
        for source in (_by_jgo, _by_mvn) if sources is None else sources:
            missing = _missing(lock, jars)
            if not missing:
                break
            _fetch(source, missing, jars, progress)
        wrong = _missing(lock, jars)
    if wrong:
        raise Failure(_OFFLINE)
    return [jars / name for name in lock]


def _missing(lock: dict[str, str], jars: Path) -> dict[str, str]:
    return {name: digest for name, digest in lock.items() if not _is_right(jars / name, digest)}


def _is_right(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False


def _fetch(source: Source, missing: dict[str, str], jars: Path, progress: Progress) -> None:
    jars.mkdir(parents=True, exist_ok=True)
    try:
        with work_folder(jars.parent) as scratch:
            for found in source(missing, scratch, progress):
                if found.name in missing and _is_right(found, missing[found.name]):
                    found.replace(jars / found.name)
    except Exception as error:  # noqa: BLE001  because a resolver raises whatever its HTTP client or parser raises: the next one is asked
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise Failure(f"The disk of {jars} is full: free 150 MiB for Kafka, or set ANABRANCH_CACHE_DIR.") from None


def _by_jgo(missing: dict[str, str], scratch: Path, progress: Progress) -> Iterator[Path]:
    # Imported here because only a first start needs it, and it takes 0.2 s.
    import jgo.maven  # noqa: PLC0415
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415

    logging.getLogger("jgo").setLevel(logging.CRITICAL)
    resolver = jgo.maven.PythonResolver(progress_callback=partial(_count, progress, len(missing), iter(range(1, len(missing) + 1))))
    mirrors = GlobalSettings.load().repositories
    context = jgo.maven.MavenContext(resolver=resolver, repo_cache=scratch, remote_repos={**mirrors, "central": MAVEN_CENTRAL_URL})
    progress(f"Looking up Kafka {KAFKA_VERSION} …")
    for artifact in _artifacts(context):
        if artifact.filename in missing:
            yield artifact.resolve()


def _artifacts(context: Any) -> Iterator[Any]:  # noqa: ANN401  because jgo's types are not exported
    from jgo.parse import Coordinate  # noqa: PLC0415  because only a first start needs it

    wanted = [context.create_dependency(replace(Coordinate.parse(name), scope="compile")) for name in _COORDINATES]
    inputs, transitive = context.resolver.resolve(wanted)
    for dependency in [*inputs, *(found for found in transitive if found.scope in {"compile", "runtime"})]:
        yield dependency.artifact


@contextmanager
def _count(progress: Progress, total: int, numbers: Iterator[int], name: str, _size: int) -> Iterator[Callable[[int], None]]:
    """Turn jgo's progress by file into the number of files; a POM counts for nothing."""
    yield lambda _bytes: None
    if name.endswith(".jar"):
        progress(f"Fetching Kafka {KAFKA_VERSION}: {next(numbers, total)} of {total} files …")


def _by_mvn(_missing: dict[str, str], scratch: Path, progress: Progress) -> Iterator[Path]:
    mvn = shutil.which("mvn")
    if mvn is None:
        return
    progress(f"Fetching Kafka {KAFKA_VERSION} by mvn …")
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact, version in (name.split(":") for name in _COORDINATES)
    )
    pom = scratch / "pom.xml"
    pom.write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>anabranch</groupId><artifactId>kafka</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>",
        encoding="utf-8",
    )
    command = [mvn, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={scratch / 'jars'}"]
    subprocess.run(command, check=True, capture_output=True, timeout=_MVN_TIMEOUT_S)  # noqa: S603  because every part is ours
    yield from (scratch / "jars").iterdir()
