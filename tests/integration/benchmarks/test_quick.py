"""Every benchmark beside a peer that may be missing runs from one command, however small; its figures are for nobody."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LIMIT_S = 240


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize(
    ("name", "more", "units"),
    [
        ("pipeline", ["--peers", "faust"], ["events/s"] * 6),
        ("flood", [], ["ms"] * 2),
        ("restore", [], ["records/s", "s"]),
        ("rowsize", [], ["bytes", "bytes", "MiB"]),
        ("bulk", [], ["ms"] * 12),
        ("burst", [], ["bytes"] * 3),
        ("screen", [], ["ms"] * 4),
    ],
)
def test_a_benchmark_measures_beside_its_peers(name: str, more: list[str], units: list[str]) -> None:
    """It prints one claim per sentence, with its runs, the machine, and a ratio wherever the peer could run."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json", *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    claims = json.loads(done.stdout)
    assert [(claim["name"], claim["unit"]) for claim in claims] == [(name, unit) for unit in units]
    for claim in claims:
        assert claim["value"] > 0
        assert claim["machine"]["cores"] > 0
        runs = {run["who"] for run in claim["runs"]}
        assert runs == ({"anabranch"} if claim["peer_value"] is None else {"anabranch", claim["peer"]})
        ratio = None if claim["peer_value"] is None else pytest.approx(claim["value"] / claim["peer_value"])
        assert claim["ratio"] == ratio
