"""The package that the image installs, built from what the Dockerfile copies and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns

from tests.unit.deploy.test_kafka import ROOT, copied


def test_the_image_gets_every_package(tmp_path: Path) -> None:
    """The wheel, built from exactly what is copied, holds each package of the repository with the files that they read."""
    for source in copied("wheel"):
        target = tmp_path / "src" / source
        if (ROOT / source).is_dir():
            copytree(ROOT / source, target, ignore=ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(exist_ok=True)
            copy2(ROOT / source, target)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(tmp_path), "."]
    subprocess.run(command, cwd=tmp_path / "src", check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    wanted = [
        str(path.relative_to(ROOT)) for package in packages for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts
    ]
    assert [path for path in wanted if path not in held] == []
    assert {f"deploy/kafka/{name}" for name in ("topics.yaml", "roles.yaml", "local/server.properties")} <= held
    assert {"broker/kafka.lock", "connectors/postgres/agenthub.yaml"} <= held
