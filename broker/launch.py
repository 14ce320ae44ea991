"""How the embedded broker's JVM is called. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.java import Java

AOT_VERSION: Final = 25
"""From here on one run makes an AOT cache (JEP 514); older ones make a dynamic class archive (JEP 350)."""

_TEST: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PRODUCTION: Final = ("-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35")
_ALWAYS: Final = (
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dlog4j2.statusLoggerLevel=OFF",
)
_START_HEAP_MB: Final = 64

_QUIET: Final = ("-Xlog:disable", "-Xlog:all=error:stderr")
"""An archive that does not fit is left aside, which is no news for anybody."""

_UNSAFE_VERSION: Final = 23
_ALLOW_UNSAFE: Final = ("--sun-misc-unsafe-memory-access=allow",)
"""From here on Java warns of what Kafka's own classes do (JEP 471)."""


def broker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a JVM: with the C locale, Java could not open a directory whose name is not ASCII."""
    return {**environ, "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Jvm:
    """One Java with Kafka's class path. `production`: all compilers and G1, for anything that is measured; else a quick start."""

    java: Java
    jars: tuple[Path, ...]
    production: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that decide which class archive fits."""
        own = _ALLOW_UNSAFE if self.java.version >= _UNSAFE_VERSION else ()
        return (*(_PRODUCTION if self.production else _TEST), *_ALWAYS, *own)

    @property
    def archive_name(self) -> str:
        """The file name of the class archive for exactly this JVM, these jars and these flags."""
        parts = (self.java.build, *map(str, self.jars), *self.flags)
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return f"{digest}.aot" if self.java.version >= AOT_VERSION else f"{digest}.jsa"

    def use(self, archive: Path | None) -> tuple[str, ...]:
        """Return the flags that load an archive; one that does not fit is ignored by the JVM."""
        if archive is None:
            return ()
        if self.java.version >= AOT_VERSION:
            return (f"-XX:AOTCache={archive}", *_QUIET)
        return (f"-XX:SharedArchiveFile={archive}", *_QUIET)

    def make(self, archive: Path) -> tuple[str, ...]:
        """Return the flags that write an archive when the JVM ends."""
        if self.java.version >= AOT_VERSION:
            return (f"-XX:AOTCacheOutput={archive}", *_QUIET)
        return (f"-XX:ArchiveClassesAtExit={archive}", *_QUIET)

    def command(self, heap_mb: int, extra: Iterable[str], main: Iterable[str]) -> list[str]:
        """Return the command line. main: class and arguments."""
        heap = (f"-Xms{min(heap_mb, _START_HEAP_MB)}m", f"-Xmx{heap_mb}m")
        return [str(self.java.path), *heap, *self.flags, *extra, "-cp", ":".join(map(str, self.jars)), *main]

    def broker(self, heap_mb: int, archive_flags: Iterable[str], properties: str) -> list[str]:
        """Return the command line of a broker."""
        return self.command(heap_mb, archive_flags, ("kafka.Kafka", properties))
