"""Laws of the systemd units: systemd itself finds nothing wrong, they may do little, and their commands and settings are real."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from api.settings import EdgeSettings
from broker.roles import load_roles
from cli.environment import names_of
from cli.main import program
from streams.settings import WorkerSettings

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "systemd"
UNITS = {"anabranch-worker@.service": "anabranch-worker@1.service", "anabranch-edge.service": "anabranch-edge.service"}
SYSTEMD = next((path for path in (Path("/usr/lib/systemd/system"), Path("/lib/systemd/system")) if path.is_dir()), None)
MOST_EXPOSED = 20
"""Of 100; an ordinary service without any of this has 96."""


def lines(file: str, key: str) -> list[str]:
    """Return the values of a key."""
    return re.findall(rf"^{key}=(.*)$", (FOLDER / file).read_text(), re.MULTILINE)


def settings_of(unit: str) -> dict[str, str]:
    """Return the variables that a unit gives its process."""
    assignments = [
        *(FOLDER / "anabranch.env").read_text().splitlines(),
        *(one for line in lines(unit, "Environment") for one in line.split()),
    ]
    return dict(line.split("=", 1) for line in assignments if line and not line.startswith("#"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a system's folder with the units, the targets that they name, and a program where they look for it."""
    if SYSTEMD is None or shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not on this machine")
    units, targets = tmp_path / "etc/systemd/system", tmp_path / "usr/lib/systemd/system"
    for folder in (units, targets, tmp_path / "opt/anabranch/bin"):
        folder.mkdir(parents=True)
    for path in [*SYSTEMD.glob("*.target"), *SYSTEMD.glob("*.slice")]:
        shutil.copy2(path, targets, follow_symlinks=False)
    for unit in UNITS:
        shutil.copy2(FOLDER / unit, units)
    program = tmp_path / "opt/anabranch/bin/anabranch"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return tmp_path


def analyze(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Ask systemd-analyze."""
    command = ["systemd-analyze", arguments[0], f"--root={root}", *arguments[1:]]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong(root: Path, unit: str) -> None:
    """No word and a clean end; a misspelt key would be told."""
    done = analyze(root, "verify", UNITS[unit])
    assert (done.returncode, done.stderr) == (0, "")
    path = root / "etc/systemd/system" / unit
    path.write_text(path.read_text().replace("Restart=", "Restrat="))
    assert "Restrat" in analyze(root, "verify", UNITS[unit]).stderr


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_may_do_little(root: Path, unit: str) -> None:
    """By systemd's own count of what a service is exposed to."""
    done = analyze(root, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", UNITS[unit])
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_starts_a_real_command_with_real_settings(unit: str) -> None:
    """Each option is one of the command's, each variable a setting; KAFKA alone is for the command line."""
    (line,) = lines(unit, "ExecStart")
    _program, name, *words = line.split()
    command: Any = get_command(program()).commands[name]  # type: ignore[attr-defined]  # a group has commands
    assert {word for word in words if word.startswith("--")} <= {option for one in command.params for option in one.opts}
    settings = settings_of(unit)
    assert settings.keys() - {"KAFKA"} <= names_of(EdgeSettings) | names_of(WorkerSettings)
    assert "${KAFKA}" in words
    assert settings["ANABRANCH_KAFKA__SASL_USERNAME"] in {role.user for role in load_roles()}


@pytest.mark.parametrize("unit", UNITS)
def test_no_secret_is_written_down(unit: str) -> None:
    """Passwords are credentials of systemd, given as files."""
    (credential,) = lines(unit, "LoadCredential")
    name, source = credential.split(":")
    assert settings_of(unit)["ANABRANCH_KAFKA__SASL_PASSWORD_FILE"] == f"%d/{name}"
    assert source.startswith("/etc/anabranch/secrets/")
    assert not [key for key in settings_of(unit) if re.search("PASSWORD$|SECRET$|TOKEN$", key)]


def test_a_stop_has_the_time_that_it_takes() -> None:
    """And a restart fits into the session, so that a worker keeps its partitions."""
    settings = settings_of("anabranch-worker@.service")
    (stop_s,) = map(int, lines("anabranch-worker@.service", "TimeoutStopSec"))
    assert stop_s * 1000 >= int(settings["ANABRANCH_TIMES__SHUTDOWN_MS"]) + 5_000
    assert int(settings["ANABRANCH_TIMES__SESSION_MS"]) > stop_s * 1000
    assert settings["ANABRANCH_INSTANCE_ID"] == "%H-%i"
    assert int(lines("anabranch-edge.service", "TimeoutStopSec")[0]) > EdgeSettings().http.goodbye_s + 3
