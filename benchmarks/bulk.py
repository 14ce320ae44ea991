"""The bulk call at the client: 200 branches and 10 000, beside the original's refresh and three calls on PostgreSQL.

`python -m benchmarks.bulk [--json] [--quick] [--calls N] [--rounds N]`. The edge runs in a process of its own, without Kafka, filled with
rows; one client on a kept connection asks again and again, and reads every byte. "warm": nothing changed since the last call. "after a
change": a record of `cascades` changed a branch before each call, so its project's part is made anew. "gzip": the same as a browser asks
for it. The peer (Debian's PostgreSQL, when it is installed) refreshes the original design's materialised view after a change of one task,
then answers its three calls; its time is that of its own client, without HTTP. Quantiles are over all calls of a run. For
comparison each run also asks a bare server for the same number of bytes: the client's and the machine's own share (`calibration`).
"""

import argparse
import asyncio
import socket
import tempfile
from pathlib import Path
from typing import Any, Final

from api.auth import mint
from benchmarks.harness.asking import asked
from benchmarks.harness.calls import Caller, quantiles
from benchmarks.harness.edge import DONE
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import OURS, SECRET, Room, listening, room
from benchmarks.harness.stage import process
from benchmarks.peers.postgres import CALL, CHANGE, PROJECTS, REFRESH, database, programs, schema
from broker.ports import free_port

PEER: Final = "PostgreSQL: refresh and three calls"
WAYS: Final = {"warm": "identity", "after a change": "identity", "warm, gzip": "gzip, deflate, br"}
PATH: Final = "/api/v2/branches/summaries/bulk"
Found = dict[str, dict[str, Any]]


async def ours(folder: Path, branches: int, calls: int) -> Found:
    """Return by way the quantiles (ms), and under `calibration` those of the bare server."""
    settings = {"ANABRANCH_HTTP__BULK_CALLS": "10000000", "BENCH_BRANCHES": str(branches)}
    async with room(OURS, folder, settings) as here:
        found, size = await asyncio.to_thread(_ask, here, branches, calls)
    return found | {"calibration": await _bare(folder, size, calls)}


def _ask(here: Room, branches: int, calls: int) -> tuple[Found, int]:
    token = mint(SECRET, "u", ["*"], 3600)
    found: Found = {}
    size = 0
    with socket.create_connection(("127.0.0.1", here.control)) as control:
        for way, encoding in WAYS.items():
            with Caller(here.port, token, encoding=encoding) as caller:
                first = caller.call("POST", PATH, b"{}")
                if way == "warm":
                    size = len(first.body)
                    if (came := first.body.count(b'"project_id":')) < branches:
                        raise AssertionError(f"{came} of {branches} branches came")
                request = caller.request("POST", PATH, b"{}")
                for _ in range(calls // 10):
                    caller.time(request)
                found[way] = quantiles([_call(caller, request, control if "change" in way else None) for _ in range(calls)])
    return found, size


def _call(caller: Caller, request: bytes, control: socket.socket | None) -> float:
    if control is not None:
        control.sendall(b"\1" + DONE)
        if control.recv(1) != DONE:
            raise ConnectionError
    return caller.time(request)


async def _bare(folder: Path, size: int, calls: int) -> dict[str, Any]:
    port = free_port()
    log = folder / "answerer.log"
    async with process(["-m", "benchmarks.peers.answerer", str(port), str(size)], log) as child:
        await listening(port, child, log)

        def ask() -> dict[str, Any]:
            with Caller(port) as caller:
                request = caller.request("GET", "/")
                return quantiles([caller.time(request) for _ in range(calls)])

        return await asyncio.to_thread(ask)


def original(branches: int, calls: int) -> dict[str, Any]:
    """Return the quantiles (ms) of one change, a refresh and three calls; empty when PostgreSQL is not installed."""
    found = programs()
    if found is None:
        return {}
    steps = [CHANGE, REFRESH, *(f"{CALL.format(project=project)} \\g /dev/null\n" for project in range(PROJECTS))]
    script = "".join(step if step.endswith("\n") else f"{step};\n" for step in steps)
    with database(found) as store:
        store.run(schema(branches))
        output = store.run("\\timing on\n" + script * calls)
    times = [float(line.split()[1]) for line in output.splitlines() if line.startswith("Time:")]
    if len(times) != calls * len(steps):
        raise AssertionError(f"{len(times)} times instead of {calls * len(steps)}")
    return quantiles([sum(times[start : start + len(steps)]) for start in range(0, len(times), len(steps))])


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run both sides for both sizes, interleaved; return the claims."""
    mine: dict[int, list[Found]] = {size: [] for size in options.sizes}
    theirs: dict[int, list[dict[str, Any]]] = {size: [] for size in options.sizes}
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-") as folder:
        for _ in range(options.rounds):
            for size in options.sizes:
                mine[size].append(await ours(Path(folder), size, options.calls))
                found = await asyncio.to_thread(original, size, max(2, min(options.calls, options.peer_branches // size)))
                theirs[size] += [found] if found else []
    return [_claim(size, way, name, mine[size], theirs[size], options) for size in options.sizes for way in WAYS for name in ("p50", "p99")]


def _claim(size: int, way: str, name: str, mine: list[Found], theirs: list[dict[str, Any]], options: argparse.Namespace) -> Claim:
    settings = vars(options) | {
        "calibration": {f"bare server, as many bytes as {size} branches (ms)": [found["calibration"] for found in mine]}
    }
    peers = [found[name] for found in theirs]
    return claim_of(
        "bulk", f"bulk call of {size} branches, {way}, {name}", "ms", [found[way][name] for found in mine], (PEER, peers), settings
    )


if __name__ == "__main__":
    # peer_branches: that the peer refreshes in a run, all calls together
    show(asyncio.run(run(asked(calls=(1000, 20), rounds=(3, 1), sizes=([200, 10_000], [20, 200]), peer_branches=(50_000, 1000)))))
