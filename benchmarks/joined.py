"""Server CPU per delivery when eight updates fall into one turn, to 1 000 clients, beside writing each by itself.

`python -m benchmarks.joined [--json] [--quick] [--clients N] [--seconds N] [--rounds N]`. Closed loop as in `fanout`: eight records are
read in one turn, and the edge joins what is due into one write for each client. The peer writes eight finished frames to bare uvloop
transports.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.asking import asked
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import BUSY, OURS, busy, saturated

TOGETHER: Final = 8


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run both, interleaved; return the claim."""
    found: dict[str, list[dict[str, Any]]] = {OURS: [], "bare": []}
    load = {"clients": options.clients, "seconds": options.seconds, "per_turn": TOGETHER}
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-") as folder:
        for _ in range(options.rounds):
            for way, runs in found.items():
                runs.append(await saturated(way, Path(folder), load))
    ours, theirs = ([run["cpu_us"] for run in found[way]] for way in (OURS, "bare"))
    settings = vars(options) | {"calibration": {BUSY: busy(found)}}
    what = f"joined updates ({TOGETHER} in a turn), {options.clients} clients, server CPU"
    return [claim_of("joined", what, "µs/delivery", ours, ("bare uvloop, each by itself", theirs), settings)]


if __name__ == "__main__":
    show(asyncio.run(run(asked(clients=(1000, 50), seconds=(6.0, 0.5), rounds=(5, 1)))))
