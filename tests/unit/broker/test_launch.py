"""Laws of the JVM's command line."""

from dataclasses import replace
from pathlib import Path

import pytest

from broker.java import Java
from broker.launch import Jvm, broker_environment

JVM = Jvm(Java(Path("/java17/bin/java"), 17, "a"), (Path("/jars/kafka.jar"), Path("/jars/scala.jar")))


@pytest.mark.parametrize(
    "other",
    [
        replace(JVM, production=True),
        replace(JVM, jars=JVM.jars[::-1]),
        replace(JVM, java=replace(JVM.java, build="b")),
        replace(JVM, java=replace(JVM.java, version=25)),
    ],
)
def test_archive_fits_one_jvm_only(other: Jvm) -> None:
    """Another Java, other flags or another order of jars has another archive, since the JVM would reject this one."""
    assert other.archive_name != JVM.archive_name
    assert replace(JVM).archive_name == JVM.archive_name


@pytest.mark.parametrize(
    ("version", "use", "make"),
    [(17, "-XX:SharedArchiveFile=x", "-XX:ArchiveClassesAtExit=x"), (25, "-XX:AOTCache=x", "-XX:AOTCacheOutput=x")],
)
def test_each_java_has_its_kind_of_archive(version: int, use: str, make: str) -> None:
    """Java 25 makes an AOT cache, older ones a dynamic archive; no archive means no flag."""
    jvm = replace(JVM, java=replace(JVM.java, version=version))
    assert use in jvm.use(Path("x"))
    assert make in jvm.make(Path("x"))
    assert jvm.use(None) == ()


def test_measured_broker_has_all_compilers() -> None:
    """A quick start gives up the optimising compiler; nothing that is measured does."""
    assert "-XX:TieredStopAtLevel=1" in JVM.broker(256, (), "p")
    measured = replace(JVM, production=True).broker(1024, (), "p")
    assert "-XX:TieredStopAtLevel=1" not in measured
    assert "-Xmx1024m" in measured
    assert measured[-2:] == ["kafka.Kafka", "p"]


def test_file_names_are_read_in_utf8() -> None:
    """A user's C locale does not keep Kafka from a directory with any letter in its name."""
    assert broker_environment({"LC_ALL": "C", "HOME": "/h"}) == {"LC_ALL": "C.UTF-8", "HOME": "/h"}
