"""What every benchmark prints: the machine, all runs, medians and the ratio to the peer of the same invocation."""

import importlib.metadata
import json
import platform
import statistics
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table

ALONE: Final = "none"
"""Name of the peer of a claim that has none: nothing else does it."""
NO_PEER: Final = (ALONE, list[float]())
"""The same as `claim_of` takes it."""
_PACKAGES: Final = ("aiokafka", "faust-streaming", "rocksdict", "msgspec", "uvicorn", "websockets", "uvloop")


@dataclass(frozen=True)
class Claim:
    """One claim with its evidence. value, peer_value: medians of the runs in `unit`; ratio = value / peer_value."""

    name: str
    claim: str
    unit: str
    value: float
    peer: str
    peer_value: float | None
    ratio: float | None
    runs: list[dict[str, Any]]
    settings: dict[str, Any] = field(default_factory=dict)


def claim_of(name: str, claim: str, unit: str, ours: list[float], peer: tuple[str, list[float]], settings: dict[str, Any]) -> Claim:
    """Return the claim with medians of both sides. An empty peer list means that the peer could not run; beside zero there is no ratio."""
    value = statistics.median(ours)
    other = statistics.median(peer[1]) if peer[1] else None
    runs = [{"who": "anabranch", "value": run} for run in ours] + [{"who": peer[0], "value": run} for run in peer[1]]
    return Claim(name, claim, unit, value, peer[0], other, value / other if other else None, runs, settings)


def figure(value: float) -> str:
    """Return a value in four digits, as people write it."""
    return f"{float(f'{value:.4g}'):,.12g}"


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    cpu = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor())
    return {
        "cpu": cpu,
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Return the versions of the libraries on the measured path."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def show(claims: list[Claim]) -> None:
    """Print the claims: one JSON list with --json, else a table for people."""
    if "--json" in sys.argv:
        print(json.dumps([{**asdict(c), "machine": machine(), "versions": versions()} for c in claims]))
        return
    console = Console(width=140)
    facts = machine()
    console.print(f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, {facts['system']}, Python {facts['python']}")
    table = Table("claim", "unit", "anabranch", "peer", "peer's", "ratio", "all runs (ours | peer's)")
    for c in claims:
        ours = " ".join(figure(r["value"]) for r in c.runs if r["who"] == "anabranch")
        absent = "" if c.peer == ALONE else "missing"
        theirs = " ".join(figure(r["value"]) for r in c.runs if r["who"] != "anabranch") or absent
        peer = absent if c.peer_value is None else figure(c.peer_value)
        ratio = "" if c.ratio is None else f"{c.ratio:.3g}"
        table.add_row(c.claim, c.unit, figure(c.value), c.peer, peer, ratio, f"{ours} | {theirs}")
    console.print(table)
    for line in calibrations(claims):
        console.print(line)


def calibrations(claims: list[Claim]) -> list[str]:
    """Return what the measuring itself takes, as the benchmarks found it: one line each."""
    lines = [f"{what}: {json.dumps(found)}" for claim in claims for what, found in claim.settings.get("calibration", {}).items()]
    return list(dict.fromkeys(lines))


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
