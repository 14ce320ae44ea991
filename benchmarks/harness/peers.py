"""What the peers need that is not ours: Kafka Streams' jars with a Java that compiles, and the environment of the Python peers."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from broker.cache import cache_dir, exclusive
from broker.jars import KAFKA_VERSION
from broker.java import find_java
from schemas.failure import Failure

_ROOT: Final = Path(__file__).resolve().parents[2]
_SOURCE: Final = _ROOT / "benchmarks" / "peers" / "KafkaStreams.java"
_COORDINATES: Final = (
    f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}",
    "com.fasterxml.jackson.core:jackson-databind:2.21.2",
    "org.slf4j:slf4j-simple:1.7.36",
)


def python_of_peers() -> str | None:
    """Return the Python of the environment that `make bench` makes for the peers, None without it."""
    path = _ROOT / ".venv-bench" / "bin" / "python"
    return str(path) if path.exists() else None


def streams_command() -> tuple[str, ...] | None:
    """Return how Kafka Streams is started, None where its jars cannot be had or Java has no compiler. Blocks while it fetches."""
    try:
        java = find_java().path
        jars = _jars()
    except Failure as failure:
        print(f"Kafka Streams is missing: {failure}", file=sys.stderr)
        return None
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False).stdout
    if "jdk.compiler" not in modules:
        print("Kafka Streams is missing: this Java has no compiler (a JDK has one).", file=sys.stderr)
        return None
    return str(java), "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Xms512m", "-Xmx2g", "-cp", f"{jars}/*", str(_SOURCE)


def _jars() -> Path:
    """Return the folder of the jars, fetched once per machine through Maven's ordinary client. Raises `Failure`."""
    folder = cache_dir() / f"kafka-streams-{KAFKA_VERSION}"
    with exclusive(folder):
        jars = folder / "jars"
        if not jars.exists():
            _fetch(folder)
        return jars


def _fetch(folder: Path) -> None:
    import jgo.maven  # noqa: PLC0415  because only a first run needs it
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.parse import Coordinate  # noqa: PLC0415

    fresh = folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    mirrors = GlobalSettings.load().repositories
    context = jgo.maven.MavenContext(
        resolver=jgo.maven.PythonResolver(), repo_cache=folder / "maven", remote_repos={**mirrors, "central": MAVEN_CENTRAL_URL}
    )
    try:
        wanted = [context.create_dependency(replace(Coordinate.parse(name), scope="compile")) for name in _COORDINATES]
        inputs, others = context.resolver.resolve(wanted)
        for dependency in [*inputs, *(one for one in others if one.scope in {"compile", "runtime"})]:
            shutil.copy(dependency.artifact.resolve(), fresh)
    except Exception as error:  # a resolver raises whatever its HTTP client or parser raises
        raise Failure(f"the jars of Kafka Streams {KAFKA_VERSION} could not be fetched ({type(error).__name__}).") from error
    fresh.rename(folder / "jars")
