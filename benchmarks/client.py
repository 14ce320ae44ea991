"""The client in a browser: its size, a frame from arrival to painted, a flood of frames, and the first load.

`python -m benchmarks.client [--json] [--frames N] [--seconds N] [--rounds N]`. Needs Node and Chromium. Frames come to the client's own
socket, at any moment between two pictures of the screen; ours and the way that it replaces (word that something changed, then a call for
the project's summaries) take turns on one page, for one change and for a message that changes all 200 branches of a project. The flood is
1,000 frames/s, nine of ten by agents, on a page that lists every branch; the growth of its heap is measured after a collection. The first
load is the board with its one bulk call beside the same board with a call per project in its place (40 projects, 200 branches) on a running
instance, and from its login link to live. Then ten thousand tasks are scrolled while agents change five thousand of them in ten seconds.
On a machine of few cores the broker, the worker and the edge take frames from any page, so the same page scrolls beside the same burst too:
cut off from the edge, while another client follows in its place. What is left is the page's own doing. A third turn has no burst.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from api.auth import mint
from benchmarks.harness.report import NO_PEER, Claim, claim_of, show
from broker.ports import free_port
from broker.secrets import jwt_secret

ROOT: Final = Path(__file__).resolve().parent.parent
PROJECTS: Final = 40
BRANCHES: Final = 5
HEAP_MIB: Final = 1.0
LONG_TASK_MS: Final = 50.0
"""What browsers call a long task; none of that length is 0."""
LIMITS: Final = {"size following": 6400.0, "size with writing": 8192.0}
SCROLL: Final = (
    ("frames", "frames shown", "1/s"),
    ("late", "late frames", "%"),
    ("late busy", "late frames with more than 8.3 ms of the page's work", "% of all"),
    ("half", "frames with more than 8.3 ms of the page's work", "%"),
    ("whole", "frames with more than 16.7 ms of the page's work", "%"),
    ("work", "work of the page in a frame, median", "ms of a processor"),
    ("longest task", "longest task of the main thread", "ms of a processor"),
    ("long tasks", "tasks of 50 ms of a processor or more", "tasks"),
    ("script", "longest turn of the page's own code", "ms of a processor"),
)
"""What is told of scrolling. The page's work is all that its main thread does, scripts, layout and painting; 8.3 ms are half a frame."""
CALM: Final = ("late", "whole")


@contextmanager
def instance(data: Path) -> Iterator[dict[str, str]]:
    """Run `anabranch up` with the projects of the measure in it; gives what it printed, with a token."""
    command = [sys.executable, "-m", "cli.main"]
    up = subprocess.Popen(
        [*command, "up", "--data", str(data), "--port", str(free_port()), "--json"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        if up.stdout is None or not (line := up.stdout.readline()):
            raise SystemExit("The instance did not start: see its messages above.")
        ready: dict[str, str] = json.loads(line)
        secret = jwt_secret(data)
        made = {name: mint(secret, name, ["*"], 3600) for name in ("lead", "boris", "short")}
        ready["token"] = made["lead"]
        ready["tokens"] = json.dumps(made | {"agents": mint(secret, "agents", ["*"], 3600, "source admin")})
        fill(ready["url"], ready["token"])
        yield ready
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(60)


def fill(url: str, token: str) -> None:
    """Write a task into each branch and wait until the edge has them all."""
    lines = [
        {
            "entity": "task",
            "action": "create",
            "project_id": f"p{project}",
            "entity_id": f"t{branch}",
            "branch_id": f"b{branch}",
            "data": {"title": "Implement the thing", "status": "todo"},
        }
        for project in range(PROJECTS)
        for branch in range(BRANCHES)
    ]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30) as client:
        taken = client.post("/api/v2/changes", json=lines).raise_for_status().json()
        client.post("/api/v2/branches/summaries/bulk", json={"min_position": taken["positions"]}).raise_for_status()


def measured(options: argparse.Namespace, ready: dict[str, str]) -> dict[str, list[float]]:
    """Run the browser's part and return all its runs by name."""
    done = subprocess.run(
        [
            *(shutil.which("node") or "node", "bench/run.mjs"),
            *("--frames", str(options.frames), "--seconds", str(options.seconds), "--rounds", str(options.rounds)),
            *("--url", ready["url"], "--login", ready["login_url"]),
        ],
        cwd=ROOT / "web",
        env=os.environ | {"ANABRANCH_CHROMIUM": chromium(), "ANABRANCH_E2E_TOKENS": ready["tokens"]},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit("The browser's part failed: see its messages above.")
    runs: dict[str, list[float]] = json.loads(done.stdout.strip().splitlines()[-1])
    return runs


def chromium() -> str:
    """Return Chromium's path. Raises `SystemExit` where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("ANABRANCH_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise SystemExit("There is no Chromium: install the package chromium, or name one in ANABRANCH_CHROMIUM.")
    return found


def claims_of(runs: dict[str, list[float]], settings: dict[str, Any]) -> list[Claim]:
    """Return what the runs show."""
    claims = [
        claim_of("client", f"client, {name}, gzip", "bytes", runs[name], ("limit", [limit]), settings) for name, limit in LIMITS.items()
    ]
    for what, words in (("single", "one change"), ("wide", "200 branches")):
        for share in ("p50", "p99"):
            for end, name in (("updated", "store updated"), ("painted", "painted")):
                peer = ("notice, then a call", runs[f"{what} refetch {end} {share}"])
                claims.append(claim_of("client", f"frame -> {name}, {words}, {share}", "ms", runs[f"{what} {end} {share}"], peer, settings))
    flood = f"1,000 frames/s for {settings['seconds']} s"
    claims += [
        claim_of("client", f"{flood}: frames applied", "frames", runs["flood frames"], ("sent", [1000.0 * settings["seconds"]]), settings),
        claim_of("client", f"{flood}: growth of the live heap", "MiB", runs["flood heap growth"], ("limit", [HEAP_MIB]), settings),
        claim_of("client", f"{flood}: longest task", "ms", runs["flood longest task"], ("limit", [LONG_TASK_MS]), settings),
        claim_of(
            "client",
            "first load, 200 branches: requests for data",
            "requests",
            runs["calls one call"],
            ("a call per project", runs["calls call per project"]),
            settings,
        ),
        claim_of(
            "client",
            "first load, 200 branches: all data there",
            "ms",
            runs["load one call"],
            ("a call per project", runs["load call per project"]),
            settings,
        ),
        claim_of(
            "client",
            "first load, 200 branches: board shown and live",
            "ms",
            runs["board one call"],
            ("a call per project", runs["board call per project"]),
            settings,
        ),
        claim_of("client", "board, 200 branches: login link -> live", "ms", runs["board live"], NO_PEER, settings),
    ]
    return claims + scrolled(runs, settings)


def scrolled(runs: dict[str, list[float]], settings: dict[str, Any]) -> list[Claim]:
    """Return what the runs show of scrolling: through the burst beside the same burst beside the page, and without one."""
    claims = []
    for name, words, unit in SCROLL:
        burst, beside, calm = (runs[f"scroll {arm} {name}"] for arm in ("burst", "beside", "calm"))
        told = f"scroll 10,000 tasks, 5,000 edits in 10 s: {words}"
        claims.append(claim_of("client", told, unit, burst, ("the same burst, page cut off", beside), settings))
        if name in CALM:
            claims.append(claim_of("client", f"scroll 10,000 tasks, no edits: {words}", unit, calm, NO_PEER, settings))
    return claims


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument("--frames", type=int, default=100, help="frames of each kind in a round")
    parser.add_argument("--seconds", type=int, default=30, help="how long the flood is")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = {
        "frames": options.frames,
        "seconds": options.seconds,
        "rounds": options.rounds,
        "projects": PROJECTS,
        "branches": PROJECTS * BRANCHES,
    }
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-") as place, instance(Path(place)) as ready:
        runs = measured(options, ready)
    show(claims_of(runs, settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
