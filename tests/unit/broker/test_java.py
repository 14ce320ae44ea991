"""Laws of finding a Java."""

from pathlib import Path

import pytest

from broker.java import find_java
from schemas.failure import Failure

NO_PACKAGE = "no_such_package_of_java"


def _java(home: Path, version: str, *, release: bool = True) -> Path:
    """Make a Java that says its version, in its release file or when it is asked."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    if release:
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n', encoding="utf-8")
    return program


def test_java_home_comes_first(tmp_path: Path) -> None:
    """JAVA_HOME wins over PATH."""
    home, other = tmp_path / "a", tmp_path / "b"
    _java(home, "21.0.1")
    _java(other, "17.0.9")
    found = find_java({"JAVA_HOME": str(home), "PATH": str(other / "bin")}, NO_PACKAGE)
    assert (found.version, found.path) == (21, home / "bin" / "java")


@pytest.mark.parametrize("release", [True, False])
def test_old_java_is_passed_over(tmp_path: Path, *, release: bool) -> None:
    """A Java below 17 is not used while a newer one is there, whether it has a release file or must be asked."""
    _java(tmp_path / "old", "1.8.0_402", release=release)
    _java(tmp_path / "new", "17", release=release)
    found = find_java({"JAVA_HOME": str(tmp_path / "old"), "PATH": str(tmp_path / "new" / "bin")}, NO_PACKAGE)
    assert found.version == 17


def test_builds_differ(tmp_path: Path) -> None:
    """Two builds of one version are told apart, because a class archive fits one of them."""
    _java(tmp_path / "a", "17.0.1")
    _java(tmp_path / "b", "17.0.2")
    assert (
        find_java({"JAVA_HOME": str(tmp_path / "a")}, NO_PACKAGE).build != find_java({"JAVA_HOME": str(tmp_path / "b")}, NO_PACKAGE).build
    )


def test_no_java_is_one_sentence() -> None:
    """Without any Java the sentence names all three ways out."""
    with pytest.raises(Failure, match=r"Java 17 .* none was found .*anabranch\[java\].*--kafka"):
        find_java({"PATH": "/nonexistent"}, NO_PACKAGE)


def test_useless_java_is_named(tmp_path: Path) -> None:
    """A Java that is too old or broken is said to be so."""
    _java(tmp_path / "old", "11.0.2")
    with pytest.raises(Failure, match="is version 11"):
        find_java({"PATH": str(tmp_path / "old" / "bin")}, NO_PACKAGE)
    with pytest.raises(Failure, match="is broken"):
        find_java({"JAVA_HOME": str(tmp_path / "none"), "PATH": ""}, NO_PACKAGE)
