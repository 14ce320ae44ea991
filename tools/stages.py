"""Run the stages of the tests one after the other and end with one line that counts them all.

`python tools/stages.py [STAGE ...]`. With CI=true each stage has a time limit, and a skipped test that ALLOWED_SKIPS does not name
fails the run. Exit code 0 if all passed. The results lie in build/tests/ (JUnit XML, summary.txt).
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = ROOT / "build" / "tests"
CI: Final = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
PURE: Final = ("schemas", "streams/domain", "api/protocol")
COLLECTED_NOTHING: Final = 5
GRACE_S: Final = 15

ALLOWED_SKIPS: Final = (
    "no histories in",
    "private mounts are not allowed here",
    "no mount namespaces here",
    "unshare cannot be run",
    "promtool is not here",
    "no modules of Node here",
    "no modules of Go here",
)
"""Beginnings of the skip reasons that a CI run accepts."""


@dataclass(frozen=True)
class Stage:
    """One part of the tests: the folders that pytest runs, and whether the client's own tests belong to it. Limit in seconds.

    side_by_side: how many files run at a time; each process has a broker of its own.
    """

    limit_s: int
    folders: tuple[str, ...] = ()
    web: bool = False
    coverage: bool = False
    make: str = ""
    side_by_side: int = 1


STAGES: Final = {
    "check": Stage(180, make="check"),
    "unit": Stage(180, ("tests/unit", "tests/property", "tests/golden"), web=True, coverage=True, side_by_side=2),
    "integration": Stage(600, ("tests/contract", "tests/integration"), side_by_side=3),
    "e2e": Stage(600, ("tests/e2e", "tests/chaos", "tests/docs"), side_by_side=2),
    "coverage": Stage(300, ("tests/unit", "tests/property"), coverage=True),
}


class Part(NamedTuple):
    """One command of a stage and the file that it leaves its results in ("" = none)."""

    name: str
    command: tuple[str, ...]
    report: str = ""


@dataclass
class Counts:
    """What the reports say. `trouble`: everything that fails the run although no test failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if nothing failed."""
        return not self.failed and not self.trouble

    def line(self, seconds: float) -> str:
        """Return the summary in pytest's words."""
        trouble = "".join(f", {text}" for text in self.trouble)
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped{trouble} in {seconds:.0f}s"


def parts_of(name: str, stage: Stage) -> list[Part]:
    """Return the commands of a stage. Folders that are not there are left out."""
    folders = tuple(folder for folder in stage.folders if (ROOT / folder).is_dir())
    report = str(RESULTS / f"{name}.xml")
    coverage = ("--cov-branch", *(f"--cov={folder}" for folder in PURE), "--cov-fail-under=100", "--cov-report=term-missing:skip-covered")
    parts = []
    if stage.make:
        parts.append(Part(name, ("make", "--no-print-directory", stage.make)))
    if folders:
        extra = coverage if stage.coverage else ()
        if stage.side_by_side > 1:
            extra += ("-n", str(stage.side_by_side), "--dist", "loadfile")
        parts.append(Part(name, (sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *extra, *folders), report))
    if stage.web and (ROOT / "web" / "package.json").is_file():
        web = str(RESULTS / "web.xml")
        reporters = ("--reporter=default", "--reporter=junit", f"--outputFile.junit={web}")
        parts.append(Part("web", ("npm", "--prefix", "web", "test", "--silent", "--", *reporters), web))
    return parts


def run(part: Part, deadline: float | None) -> str:
    """Run one command in a process group of its own. Return what went wrong, or ""."""
    with subprocess.Popen(part.command, cwd=ROOT, start_new_session=True) as process:
        try:
            code = process.wait(None if deadline is None else max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            stop(process)
            return f"{part.name} took too long"
        except KeyboardInterrupt:
            stop(process)
            raise
    return "" if code in {0, COLLECTED_NOTHING} else f"{part.name} ended with {code}"


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a command with all that it started."""
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGINT)
        process.wait(GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def add_report(counts: Counts, path: Path) -> int:
    """Add the numbers of one JUnit file to the counts. Return how many tests of it failed."""
    cases = list(ET.parse(path).getroot().iter("testcase"))  # noqa: S314  because our own test runners wrote the file
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skips = [skip for case in cases if (skip := case.find("skipped")) is not None and skip.get("type") != "pytest.xfail"]
    counts.failed += failed
    counts.skipped += len(skips)
    counts.passed += len(cases) - failed - len(skips)
    counts.reasons += [skip.get("message") or "no reason given" for skip in skips]
    return failed


def run_stage(name: str, counts: Counts) -> None:
    """Run one stage and add what came out of it."""
    stage = STAGES[name]
    print(f"\n==> {name}" + (f" (at most {stage.limit_s} s)" if CI else ""), flush=True)
    deadline = time.monotonic() + stage.limit_s if CI else None
    for part in parts_of(name, stage):
        report = Path(part.report) if part.report else None
        if report:
            report.unlink(missing_ok=True)
        trouble = run(part, deadline)
        failed = add_report(counts, report) if report and report.is_file() else 0
        if trouble and (not failed or "too long" in trouble):
            counts.trouble.append(trouble)


def main(names: Sequence[str]) -> int:
    """Run the named stages (all kinds of tests by default)."""
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        print(f"No such stage: {', '.join(unknown)}. Stages: {', '.join(STAGES)}.", file=sys.stderr)
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    counts = Counts()
    for name in names or ("unit", "integration", "e2e"):
        run_stage(name, counts)
    refused = [reason for reason in counts.reasons if not reason.startswith(ALLOWED_SKIPS)] if CI else []
    for reason in sorted(set(refused)):
        print(f"Skipped, which a CI run does not accept: {reason}", flush=True)
    if refused:
        counts.trouble.append(f"{len(refused)} skips not allowed")
    line = counts.line(time.monotonic() - started)
    (RESULTS / "summary.txt").write_text(line + "\n")
    print(f"\n{line}", flush=True)
    return 0 if counts.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
