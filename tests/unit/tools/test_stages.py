"""All stages are counted together, whatever ran them, and nothing that went wrong is lost."""

import sys
import time
from pathlib import Path

import pytest

from tools.stages import STAGES, Counts, Part, add_report, main, parts_of, run

REPORT = """<testsuites><testsuite name="x">
<testcase name="a"/><testcase name="b"/>
<testcase name="c"><failure message="no"/></testcase>
<testcase name="d"><error message="no"/></testcase>
<testcase name="e"><skipped type="pytest.skip" message="no browser"/></testcase>
<testcase name="f"><skipped type="pytest.xfail" message="known"/></testcase>
<testcase name="g"><skipped/></testcase>
</testsuite></testsuites>"""


def test_a_report_is_counted(tmp_path: Path) -> None:
    """Errors are failures, an expected failure is no skip, every skip has its reason."""
    (tmp_path / "r.xml").write_text(REPORT)
    counts = Counts()

    assert add_report(counts, tmp_path / "r.xml") == 2
    assert (counts.passed, counts.failed, counts.skipped) == (3, 2, 2)
    assert counts.reasons == ["no browser", "no reason given"]
    assert not counts.ok


def test_the_last_line_says_it_all() -> None:
    """Numbers, trouble beside the tests, and the time."""
    counts = Counts(passed=3, skipped=1, trouble=["web ended with 1"])

    assert counts.line(61.4) == "3 passed, 0 failed, 1 skipped, web ended with 1 in 61s"
    assert not counts.ok


@pytest.mark.parametrize(("code", "expected"), [(0, ""), (5, ""), (1, "x ended with 1")])
def test_a_command_that_fails_is_trouble(code: int, expected: str) -> None:
    """Except that a folder without tests is none."""
    assert run(Part("x", (sys.executable, "-c", f"raise SystemExit({code})")), None) == expected


def test_a_command_that_takes_too_long_is_ended() -> None:
    """With everything that it started."""
    assert run(Part("x", ("bash", "-c", "sleep 600 & wait")), time.monotonic()) == "x took too long"


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_has_something_to_do(name: str) -> None:
    """In this tree."""
    assert parts_of(name, STAGES[name])


def test_an_unknown_stage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """As wrong usage."""
    assert main(["colours"]) == 2
    assert "colours" in capsys.readouterr().err
