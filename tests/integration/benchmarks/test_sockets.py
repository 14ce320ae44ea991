"""The benchmarks of sockets run, on a small scale; what they find is not judged here."""

import asyncio
import json
import sys

import pytest


@pytest.mark.parametrize("name", ["fanout", "joined", "connections"])
async def test_a_benchmark_runs_and_says_what_it_found(name: str) -> None:
    """Each prints its claims with our runs and the peer's; its own checks (everybody got everything) passed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    claims = json.loads(output)
    assert all(claim["name"] == name and claim["value"] > 0 and claim["peer_value"] > 0 for claim in claims)
    assert {run["who"] for claim in claims for run in claim["runs"]} >= {"anabranch", claims[0]["peer"]}
