"""Deliveries per second to 1 000 clients, one frame of about 1 KB at a time, beside three other ways of sending it.

`python -m benchmarks.fanout [--json] [--quick] [--clients N] [--seconds N] [--rounds N]`. Closed loop: the load generator (a process of its
own) asks for the next frame once every client has the last one. Every frame is written by itself (flush_ms=0: nothing is joined). Peers:
a finished frame written to bare uvloop transports; FastAPI with a loop of `send_text`, and of `send_json` as the original design has it.
The load generator's own share of a core is reported beside each run: it is the bottleneck only near 1.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.asking import asked
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import BUSY, OURS, busy, saturated

PEERS: Final = {"bare": "bare uvloop transport.write", "text": "FastAPI send_text loop", "json": "FastAPI send_json loop"}


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run all ways, interleaved; return the claims."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in (OURS, *PEERS)}
    load = {"clients": options.clients, "seconds": options.seconds, "per_turn": 1}
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-") as folder:
        for _ in range(options.rounds):
            for way, runs in found.items():
                runs.append(await saturated(way, Path(folder), load, {"ANABRANCH_LIMITS__FLUSH_MS": "0"}))
    settings = vars(options) | {"flush_ms": 0, "calibration": {BUSY: busy(found)}}
    return [_claim(way, figure, found, settings) for way in PEERS for figure in FIGURES]


FIGURES: Final = {"deliveries_per_s": ("fan-out, saturated", "deliveries/s"), "cpu_us": ("fan-out, server CPU", "µs/delivery")}


def _claim(way: str, figure: str, found: dict[str, list[dict[str, Any]]], settings: dict[str, Any]) -> Claim:
    what, unit = FIGURES[figure]
    ours, theirs = ([run[figure] for run in found[name]] for name in (OURS, way))
    return claim_of("fanout", f"{what}, {settings['clients']} clients", unit, ours, (PEERS[way], theirs), settings)


if __name__ == "__main__":
    show(asyncio.run(run(asked(clients=(1000, 50), seconds=(6.0, 0.5), rounds=(5, 1)))))
