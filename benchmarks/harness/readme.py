"""Writes README's table of figures from `benchmarks/results/*.json`, between its two marks. `--check` only compares."""

import json
import sys
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_BEGIN: Final = "<!-- figures: begin -->\n"
_END: Final = "<!-- figures: end -->\n"


def table(claims: list[dict[str, Any]]) -> str:
    """Return the claims as a Markdown table, and what machine they were taken on. Peers that did not run are left out."""
    lines = ["| what | anabranch | peer, same run | ratio | runs | repeat it |", "|---|---|---|---|---|---|"]
    for c in (claim for claim in claims if claim["peer_value"] is not None):
        ours = [run["value"] for run in c["runs"] if run["who"] == "anabranch"]
        peer = f"{c['peer']}: {c['peer_value']:,.4g} {c['unit']}"
        ratio = "" if c["ratio"] is None else f"{c['ratio']:.3g} x"
        lines.append(f"| {c['claim']} | {c['value']:,.4g} {c['unit']} | {peer} | {ratio} | {len(ours)} | `anabranch bench {c['name']}` |")
    machines = {f"{c['machine']['cpu']}, {c['machine']['cores']} cores, {c['machine']['memory_gib']} GiB" for c in claims}
    return (
        "\n".join(lines)
        + f"\n\nMedians; taken on: {'; '.join(sorted(machines))}. Broker, worker, edge and measuring process share the cores.\n"
    )


def main() -> int:
    """Write the table, or with `--check` return 1 when README differs."""
    files = sorted((_ROOT / "benchmarks" / "results").glob("*.json"))
    claims = [claim for path in files for claim in json.loads(path.read_text())]
    readme = _ROOT / "README.md"
    text = readme.read_text()
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    new = head + _BEGIN + table(claims) + _END + tail
    if "--check" in sys.argv:
        return int(new != text)
    readme.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
