"""Laws of the image: it is what a linter of the field likes, it copies what exists, and its commands are real."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from broker.deploy import deploy_file

ROOT = Path(__file__).parents[3]
TEXT = deploy_file("Dockerfile").read_text(encoding="utf-8")
IGNORED = deploy_file("Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
STAGES = {
    name or "image": body for name, body in re.findall(r"^FROM \S+(?: AS (\w+))?\n(.*?)(?=^FROM |\Z)", TEXT, re.MULTILINE | re.DOTALL)
}
HADOLINT = Path(sys.executable).with_name("hadolint")


def copied(stage: str) -> list[str]:
    """Return what a stage copies from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", STAGES[stage], re.MULTILINE)
    return [source.rstrip("/") for line in lines for source in line.split()[:-1]]


def test_the_linter_is_content() -> None:
    """Hadolint finds nothing, not even advice."""
    done = subprocess.run(
        [HADOLINT, "--failure-threshold", "info", str(deploy_file("Dockerfile"))], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_finds_faults(tmp_path: Path) -> None:
    """A check that cannot fail is none."""
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN apt-get install gcc\n")
    assert subprocess.run([HADOLINT, str(tmp_path / "Dockerfile")], check=False, capture_output=True).returncode == 1


@pytest.mark.parametrize("stage", ["page", "wheel"])
def test_what_is_copied_exists_and_is_not_ignored(stage: str) -> None:
    """And nothing else reaches the builder."""
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    assert IGNORED[1] == "*"
    for source in copied(stage):
        assert source.split("/")[0] in allowed, source
        assert (ROOT / source).exists(), source


def test_every_package_is_copied() -> None:
    """A new package that the image lacks would be missed only by whoever runs it."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    (described,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"].values()
    assert packages <= {name.rstrip("*") for name in described["include"]}
    assert packages | {"deploy"} <= set(copied("wheel"))


def test_packages_are_fixed_and_need_no_compiler() -> None:
    """By hash, as wheels only; the environment of the image has no pip, and the image takes nothing else from the stages."""
    assert TEXT.count("install --require-hashes") == 2
    assert "PIP_ONLY_BINARY=:all:" in STAGES["wheel"]
    assert "--without-pip /opt/anabranch" in STAGES["wheel"]
    assert "apt-get" not in TEXT
    assert re.findall(r"COPY --from=(\w+) (\S+)", STAGES["image"]) == [("wheel", "/opt/anabranch"), ("page", "/src/web/dist")]


def test_the_image_runs_as_nobody_with_real_commands() -> None:
    """A number that a cluster can see, a check of health that is a module, a command that the package installs."""
    assert re.search(r"^USER 10001$", STAGES["image"], re.MULTILINE)
    assert "--uid 10001" in STAGES["image"]
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", TEXT, re.MULTILINE)
    assert json.loads(entry)[0] in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    (health,) = re.findall(r"^HEALTHCHECK .*CMD (.+)$", TEXT, re.MULTILINE)
    _python, _m, module = json.loads(health)
    assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file()
    scripts = json.loads((ROOT / "web" / "package.json").read_text())["scripts"]
    assert set(re.findall(r"npm run (\w+)", TEXT)) <= scripts.keys()
