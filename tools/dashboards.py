"""Write the Grafana dashboards of deploy/grafana: `python -m tools.dashboards [--check]`. Queries name only what `schemas.metrics` has."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from schemas import metrics as m
from schemas.bundle import ROOT, main
from schemas.metrics import Metric

FOLDER: Final = ROOT / "deploy" / "grafana"
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
_WIDTH: Final = 12
_HEIGHT: Final = 8


class Panel(NamedTuple):
    """One chart. queries: (expression, legend). unit: Grafana's name of it."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    meaning: str = ""


def rate(metric: Metric, by: str = "instance", match: str = "") -> str:
    """Return how quickly a counter grows, per second."""
    return f"sum by ({by}) (rate({metric.samples[0]}{match}[$__rate_interval]))"


def percentile(metric: Metric, part: float, job: str) -> str:
    """Return below which value a part of what a histogram holds lies."""
    return f'histogram_quantile({part}, sum by (le) (rate({metric.samples[0]}{{job="anabranch-{job}"}}[$__rate_interval])))'


def latency(title: str, metric: Metric, job: str) -> Panel:
    """Return a chart of a histogram."""
    return Panel(title, [(percentile(metric, part, job), f"p{part * 100:g}") for part in (0.5, 0.95, 0.99)], "s", metric.meaning)


def gauge(title: str, metric: Metric, by: str = "instance", unit: str = "short") -> Panel:
    """Return a chart of a gauge."""
    return Panel(title, [(f"sum by ({by}) ({metric.samples[0]})", f"{{{{{by}}}}}")], unit, metric.meaning)


PROCESS: Final = (
    gauge("Memory", m.PROCESS_MEMORY, unit="bytes"),
    Panel("Cores in use", [(rate(m.PROCESS_CPU), "{{instance}}")], "percentunit", m.PROCESS_CPU.meaning),
    Panel(
        "Open files and sockets, of those allowed",
        [(f"{m.PROCESS_FILES.name} / {m.PROCESS_FILES_LIMIT.name}", "{{instance}}")],
        "percentunit",
        "at 80 % an alert says so",
    ),
)

WORKER: Final = (
    gauge("Lag by partition", m.WORKER_LAG, "partition"),
    Panel("Events folded, by what became of them", [(rate(m.WORKER_EVENTS, "outcome"), "{{outcome}}")], "ops"),
    Panel("Messages to cascades", [(rate(m.WORKER_CASCADES, "cause"), "{{cause}}")], "ops", m.WORKER_CASCADES.meaning),
    latency("One step", m.CASCADE_TIME, "worker"),
    latency("How late a window's message is made", m.WORKER_LATENESS, "worker"),
    gauge("Open windows", m.WORKER_WINDOWS, "partition"),
    gauge("In flight", m.WORKER_IN_FLIGHT, "partition"),
    gauge("In flight, in bytes", m.WORKER_IN_FLIGHT_BYTES, "partition", "bytes"),
    Panel("Bytes saved by merging", [(rate(m.WORKER_SAVED), "{{instance}}")], "Bps", m.WORKER_SAVED.meaning),
    Panel("Dead letters", [(rate(m.WORKER_DEAD, "reason"), "{{reason}}")], "ops", m.WORKER_DEAD.meaning),
    gauge("Store by partition", m.WORKER_STORE, "partition", "bytes"),
    gauge("Partitions made anew", m.WORKER_REBUILT),
    gauge("Free disk", m.WORKER_DISK, unit="percentunit"),
    Panel("Restored records", [(f"rate({m.WORKER_RESTORED.name}[$__rate_interval])", "{{instance}}")], "ops", m.WORKER_RESTORED.meaning),
    Panel(
        "Assignments and rows of former owners",
        [(rate(m.WORKER_REBALANCES), "assignments {{instance}}"), (rate(m.WORKER_REWRITTEN), "rewritten {{instance}}")],
        "ops",
    ),
    gauge("Ready", m.WORKER_READY),
    gauge("Kafka answers", m.WORKER_KAFKA),
    *PROCESS,
)

EDGE: Final = (
    gauge("Open WebSockets", m.WEBSOCKET_CONNECTIONS),
    gauge("Frames per second", m.WEBSOCKET_MESSAGES, unit="ops"),
    latency("A person's change to its frame", m.USER_LATENCY, "edge"),
    latency("Event to its cascade", m.CASCADE_TIME, "edge"),
    latency("Event to its row", m.VIEW_REFRESH, "edge"),
    latency("The bulk call", m.BULK_LATENCY, "edge"),
    Panel("Bulk answers from the cache", [(m.CACHE_HITS.name, "{{instance}}")], "percentunit", m.CACHE_HITS.meaning),
    gauge("Agents' events per merged frame", m.AI_BATCH_EFFICIENCY),
    gauge("Cascades unread", m.EDGE_LAG),
    gauge("Events in no row yet", m.EDGE_BACKLOG),
    gauge("Stale", m.EDGE_STALE),
    gauge("Ready", m.EDGE_READY),
    Panel("Joins, by result", [(rate(m.EDGE_JOINS, "result"), "{{result}}")], "ops", m.EDGE_JOINS.meaning),
    Panel("Writes, by result", [(rate(m.EDGE_WRITES, "result"), "{{result}}")], "ops", m.EDGE_WRITES.meaning),
    Panel("Slow consumers cut off", [(rate(m.EDGE_STALLED), "{{instance}}")], "ops", m.EDGE_STALLED.meaning),
    gauge("Rows", m.EDGE_ROWS),
    Panel(
        "Rows found wrong and mended",
        [(rate(m.EDGE_DRIFT), "found {{instance}}"), (rate(m.EDGE_MENDED), "mended {{instance}}")],
        "ops",
    ),
    Panel("Unreadable records", [(rate(m.EDGE_POISON), "{{instance}}")], "ops", m.EDGE_POISON.meaning),
    *PROCESS,
)

OVERVIEW: Final = (
    Panel("Events waiting", [(f"sum({m.WORKER_LAG.name})", "lag")], "short", m.WORKER_LAG.meaning),
    Panel("Events per second", [(rate(m.WORKER_EVENTS, "outcome"), "{{outcome}}")], "ops", m.WORKER_EVENTS.meaning),
    latency("A person's change to its frame", m.USER_LATENCY, "edge"),
    gauge("Open WebSockets", m.WEBSOCKET_CONNECTIONS),
    Panel("Stale edges", [(f"sum({m.EDGE_STALE.name})", "edges")], "short", m.EDGE_STALE.meaning),
    Panel("Dead letters", [(rate(m.WORKER_DEAD, "reason"), "{{reason}}")], "ops", m.WORKER_DEAD.meaning),
    gauge("Differences of the last recount", m.VERIFY_DIFFERENCES),
    Panel("Hours since the last recount", [(f"(time() - {m.VERIFY_FINISHED.name}) / 3600", "hours")], "h", m.VERIFY_FINISHED.meaning),
)


def the_rest(process: str, shown: Iterable[Panel]) -> list[Panel]:
    """Return a plain chart of each metric of a process that no chart shows yet: whoever adds a metric sees it."""
    text = " ".join(expression for panel in shown for expression, _ in panel.queries)
    return [_plain(metric) for metric in m.ALL_METRICS if metric.process == process and metric.samples[0] not in text]


def _plain(metric: Metric) -> Panel:
    title = metric.name.replace("_", " ")
    match metric.kind:
        case "gauge":
            return gauge(title, metric)
        case "counter":
            return Panel(title, [(rate(metric), "{{instance}}")], "ops", metric.meaning)
        case "histogram":
            return latency(title, metric, metric.process)


def dashboard(name: str, title: str, panels: Iterable[Panel]) -> dict[str, Any]:
    """Return one dashboard in Grafana's JSON model."""
    return {
        "uid": f"anabranch-{name}",
        "title": title,
        "tags": ["anabranch"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]},
        "annotations": {"list": []},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + place), "expr": expression, "legendFormat": legend, "datasource": SOURCE}
        for place, (expression, legend) in enumerate(panel.queries)
    ]
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.meaning,
        "datasource": SOURCE,
        "gridPos": {"h": _HEIGHT, "w": _WIDTH, "x": number % 2 * _WIDTH, "y": number // 2 * _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    }


def dashboards() -> dict[Path, str]:
    """Return the text of every dashboard."""
    made = {
        "overview": dashboard("overview", "anabranch: overview", OVERVIEW),
        "worker": dashboard("worker", "anabranch: workers", [*WORKER, *the_rest("worker", WORKER)]),
        "edge": dashboard("edge", "anabranch: edges", [*EDGE, *the_rest("edge", EDGE)]),
    }
    return {FOLDER / f"{name}.json": json.dumps(one, indent=2) + "\n" for name, one in made.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dashboards()))
