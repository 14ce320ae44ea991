"""Writes README's table of figures from `benchmarks/results/*.json`, between its two marks. `--check` only compares."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.report import ALONE, figure

_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_BEGIN: Final = "<!-- figures: begin -->\n"
_END: Final = "<!-- figures: end -->\n"
_FIRST: Final = (
    ("event -> cascade read, p50", "aiokafka relay"),
    ("event -> WebSocket frame, p50", "aiokafka relay"),
    ("click to another screen, p50", "the original: refresh, notice, three calls"),
    ("one worker, full pipeline, 90 % by agents", "stock Faust"),
    ("one worker, full pipeline, 90 % by agents", "Kafka Streams without record cache"),
    ("1,000,000 tasks serving after losing the disk", "a worker without rows"),
    ("bulk call of 200 branches, warm, p99", "PostgreSQL: refresh and three calls"),
    ("fan-out, saturated, 1000 clients", "FastAPI send_text loop"),
    ("record to each of 1000 clients, 20/s to all, p99", "bare uvloop fed by aiokafka"),
    ("memory of a connection, 10000 in one process", "FastAPI"),
    ("clients cut every 15 s for 2 s, 1000 clients: brought to the end without a gap", ALONE),
    ("board, 200 branches: login link -> live", ALONE),
    ("scroll 10,000 tasks, 5,000 edits in 10 s: late frames", "the same burst, page cut off"),
)
"""What stands first, as (claim, peer)."""


def page(claims: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown: a table of those that say most, all others to be opened, and what machine they were taken on."""
    known = {(claim["claim"], claim["peer"]): claim for claim in claims}
    missing = [claim for claim in _FIRST if claim not in known]
    if missing:
        raise SystemExit(f"benchmarks/results has nothing about {missing}")
    machines = {f"{c['machine']['cpu']}, {c['machine']['cores']} cores, {c['machine']['memory_gib']} GiB" for c in claims}
    taken = f"Medians; taken on: {'; '.join(sorted(machines))}. Broker, worker, edge and measuring process share the cores."
    everything = f"<details>\n<summary>All figures</summary>\n\n{_table(claims)}\n</details>"
    return f"{_table([known[claim] for claim in _FIRST])}\n{everything}\n\n{taken}\n"


def _table(claims: list[dict[str, Any]]) -> str:
    """Return claims as a table. Peers that did not run are left out."""
    lines = ["| what | anabranch | peer, same run | ratio | runs | repeat it |", "|---|---|---|---|---|---|"]
    for c in (claim for claim in claims if claim["peer_value"] is not None or claim["peer"] == ALONE):
        ours = [run["value"] for run in c["runs"] if run["who"] == "anabranch"]
        peer = ALONE if c["peer"] == ALONE else f"{c['peer']}: {figure(c['peer_value'])} {c['unit']}"
        ratio = "" if c["ratio"] is None else f"{c['ratio']:.3g} x"
        lines.append(
            f"| {c['claim']} | {figure(c['value'])} {c['unit']} | {peer} | {ratio} | {len(ours)} | `anabranch bench {c['name']}` |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the table, or with `--check` return 1 when README differs."""
    files = sorted((_ROOT / "benchmarks" / "results").glob("*.json"))
    claims = [claim for path in files for claim in json.loads(path.read_text())]
    readme = _ROOT / "README.md"
    text = readme.read_text()
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    new = head + _BEGIN + page(claims) + _END + tail
    if "--check" in sys.argv:
        if new != text:
            sys.stderr.write("README's figures are not those of benchmarks/results: run python -m benchmarks.harness.readme\n")
        return int(new != text)
    readme.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
