"""The dashboards are what Grafana reads, and show only what is measured."""

import json
import re
from pathlib import Path
from typing import Any, Final, Literal

import jsonschema
import pytest

from schemas.metrics import ALL_METRICS
from tools.dashboards import dashboards, the_rest

BOARDS: Final[dict[str, dict[str, Any]]] = {path.name: json.loads(text) for path, text in dashboards().items()}
SAMPLES: Final = {name for metric in ALL_METRICS for name in metric.samples}
NAME: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
NOT_METRICS: Final = {"histogram_quantile", "rate_interval", "__rate_interval"}
LABELS: Final = {"le", "instance", "partition", "outcome", "cause", "reason", "result", "job"}

_TARGET = {
    "type": "object",
    "required": ["refId", "expr", "datasource"],
    "properties": {"refId": {"pattern": "^[A-Z]$"}, "expr": {"type": "string", "minLength": 1}},
}
_GRID = {
    "type": "object",
    "required": ["h", "w", "x", "y"],
    "properties": {"w": {"maximum": 24}, "x": {"minimum": 0, "maximum": 23}, "h": {"minimum": 1}, "y": {"minimum": 0}},
}
SCHEMA: Final = {
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "panels", "time", "templating"],
    "properties": {
        "uid": {"type": "string", "maxLength": 40},
        "schemaVersion": {"type": "integer", "minimum": 36},
        "panels": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "type", "title", "gridPos", "datasource", "targets", "fieldConfig", "options"],
                "properties": {"targets": {"type": "array", "minItems": 1, "items": _TARGET}, "gridPos": _GRID},
            },
        },
    },
}


def metrics_in(expression: str) -> set[str]:
    """Return the metric names of a query."""
    without_strings = re.sub(r'"[^"]*"', "", expression)
    return set(NAME.findall(without_strings)) - NOT_METRICS - LABELS


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_a_board_is_what_grafana_reads(name: str) -> None:
    """With all necessary fields, ids once each, and no two panels in one place."""
    board = BOARDS[name]
    jsonschema.validate(board, SCHEMA)
    panels = board["panels"]
    assert (
        len({panel["id"] for panel in panels}) == len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    )


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_every_metric_of_a_board_exists(name: str) -> None:
    """In the typed list, under the name that Prometheus finds it by; and every query has one."""
    for panel in BOARDS[name]["panels"]:
        for target in panel["targets"]:
            found = metrics_in(target["expr"])
            assert found, target["expr"]
            assert found <= SAMPLES, found - SAMPLES


def test_no_metric_is_left_out() -> None:
    """Each is on some board; what nobody has made a chart for has a plain one."""
    shown = {
        name for board in BOARDS.values() for panel in board["panels"] for target in panel["targets"] for name in metrics_in(target["expr"])
    }
    assert {metric.name for metric in ALL_METRICS if not shown & set(metric.samples)} == {"verify_events"}


@pytest.mark.parametrize("kind", ["gauge", "counter", "histogram"])
def test_the_rest_has_plain_charts(kind: Literal["gauge", "counter", "histogram"]) -> None:
    """Of every kind."""
    metric = next(one for one in ALL_METRICS if one.kind == kind and one.process == "edge")
    (query,) = {panel.queries[0][0] for panel in the_rest("edge", []) if metric.samples[0] in panel.queries[0][0]}
    assert metrics_in(query) == {metric.samples[0]}


def test_the_files_are_as_generated() -> None:
    """`make generate` writes them."""
    for path, text in dashboards().items():
        assert Path(path).read_text(encoding="utf-8") == text
