"""The bulk call at the client: 200 branches warm, 10 000 branches, beside the original's refresh and three calls on PostgreSQL.

`python -m benchmarks.bulk [--json] [--quick] [--calls N] [--rounds N]`. The edge runs in a process of its own, without Kafka, filled with
rows; one HTTP client on a kept connection asks again and again. The first answer builds the rows' bytes, the others take them from memory:
both are reported, by quantiles over all calls of a run. The peer (Debian's PostgreSQL, when it is installed) refreshes a materialised view
over the same number of tasks after one change, then answers three queries.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from api.auth import mint
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import OURS, SECRET, room

SIZES: Final = (200, 10_000)
TASKS_PER_BRANCH: Final = 100
PEER: Final = "PostgreSQL: refresh and three calls"


async def ours(folder: Path, branches: int, calls: int) -> list[float]:
    """Return the sorted times of warm calls (ms)."""
    settings = {"ANABRANCH_HTTP__BULK_CALLS": "10000000", "BENCH_BRANCHES": str(branches)}
    headers = {"Authorization": f"Bearer {mint(SECRET, 'u', ['*'], 3600)}", "Accept-Encoding": "identity"}
    async with room(OURS, folder, settings) as here, httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as http:
        url = f"http://127.0.0.1:{here.port}/api/v2/branches/summaries/bulk"
        first = await http.post(url, json={})
        if len(first.json()["summaries"]) < branches:
            raise AssertionError(f"{len(first.json()['summaries'])} of {branches} branches came")
        return sorted([await _timed(http, url) for _ in range(calls)])


async def _timed(http: httpx.AsyncClient, url: str) -> float:
    start = time.perf_counter()
    answer = await http.post(url, json={})
    taken = (time.perf_counter() - start) * 1000
    answer.raise_for_status()
    return taken


def tools() -> Path | None:
    """Return where PostgreSQL's programs are, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextlib.contextmanager
def database(programs: Path) -> Iterator[list[str]]:
    """Run a PostgreSQL of its own; gives the command that sends it SQL."""
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-pg-") as folder:
        as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if as_other:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        _quiet([*as_other, str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres"])
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        control = [*as_other, str(programs / "pg_ctl"), "-D", data]
        _quiet([*control, "-w", "-o", options, "-l", f"{folder}/log", "start"])
        try:
            yield [str(programs / "psql"), "-h", folder, "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1"]
        finally:
            _quiet([*control, "-w", "-m", "immediate", "stop"])


def _quiet(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def original(branches: int, calls: int) -> list[float]:
    """Return the sorted times (ms) of one change, a refresh and three queries; empty when PostgreSQL is not installed."""
    programs = tools()
    if programs is None:
        return []
    with database(programs) as psql:
        subprocess.run([*psql, "-c", _SCHEMA.format(tasks=branches * TASKS_PER_BRANCH, branches=branches)], check=True)
        script = "\\timing on\n" + _CALL * calls
        output = subprocess.run(psql, input=script, text=True, check=True, capture_output=True).stdout
    times = [float(line.split()[1]) for line in output.splitlines() if line.startswith("Time:")]
    steps = _CALL.count(";")
    return sorted(sum(times[start : start + steps]) for start in range(0, len(times), steps))


_SCHEMA: Final = """
CREATE TABLE tasks AS SELECT i AS id, i % {branches} AS branch, (i % {branches}) % 3 AS project,
  (ARRAY['todo','in_progress','done'])[1 + i % 3] AS status, (ARRAY['high','medium','low'])[1 + i % 3] AS priority, now() AS updated_at
  FROM generate_series(1, {tasks}) i;
CREATE INDEX ON tasks (id);
CREATE MATERIALIZED VIEW branch_summaries AS SELECT branch, project, count(*) AS total_tasks,
  count(*) FILTER (WHERE status = 'done') AS completed_tasks, max(updated_at) AS last_activity,
  jsonb_build_object('high', count(*) FILTER (WHERE priority = 'high'), 'low', count(*) FILTER (WHERE priority = 'low')) AS priorities
  FROM tasks GROUP BY branch, project;
CREATE UNIQUE INDEX ON branch_summaries (branch, project);
"""
_CALL: Final = """UPDATE tasks SET status = 'done' WHERE id = 1;
REFRESH MATERIALIZED VIEW CONCURRENTLY branch_summaries;
SELECT json_agg(s) FROM branch_summaries s WHERE project = 0 \\g /dev/null
;SELECT json_agg(s) FROM branch_summaries s WHERE project = 1 \\g /dev/null
;SELECT json_agg(s) FROM branch_summaries s WHERE project = 2 \\g /dev/null
;
"""


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run both sides for both sizes, interleaved; return the claims."""
    mine: dict[int, list[list[float]]] = {size: [] for size in SIZES}
    theirs: dict[int, list[list[float]]] = {size: [] for size in SIZES}
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-") as folder:
        for _ in range(options.rounds):
            for size in SIZES:
                mine[size].append(await ours(Path(folder), size, options.calls))
                found = await asyncio.to_thread(original, size, min(options.calls, 20))
                theirs[size] += [found] if found else []
    return [_claim(size, name, mine[size], theirs[size], options) for size in SIZES for name in ("p50", "p99")]


def _claim(size: int, name: str, mine: list[list[float]], theirs: list[list[float]], options: argparse.Namespace) -> Claim:
    ours_, peers = ([_quantile(run, name) for run in side] for side in (mine, theirs))
    return claim_of("bulk", f"bulk call of {size} branches, warm, {name}", "ms", ours_, (PEER, peers), vars(options))


def _quantile(run: list[float], name: str) -> float:
    return statistics.median(run) if name == "p50" else run[min(len(run) - 1, int(len(run) * 0.99))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked_ = parser.parse_args()
    if asked_.quick:
        asked_.calls, asked_.rounds = 20, 1
    show(asyncio.run(run(asked_)))
