"""Alerts ask only for what is measured, and lead to a page that says what to do."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from schemas.metrics import ALL_METRICS

ROOT: Final = Path(__file__).parents[3]
RULES: Final[list[dict[str, Any]]] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))["groups"][0][
    "rules"
]
SAMPLES: Final = {name for metric in ALL_METRICS for name in metric.samples}
NAME: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
HEADINGS: Final = ["What it means", "How to look", "What to do", "It is over when"]
RUNBOOKS: Final = ROOT / "docs" / "runbooks"


def ids(rule: dict[str, Any]) -> str:
    """Return an alert's name."""
    return str(rule["alert"])


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_every_metric_exists(rule: dict[str, Any]) -> None:
    """Under the name that Prometheus finds it by."""
    names = set(NAME.findall(re.sub(r'"[^"]*"', "", rule["expr"]))) - {"histogram_quantile"}
    assert names <= SAMPLES, names - SAMPLES
    assert names or rule["expr"].startswith("up{")


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_the_runbook_says_what_to_do(rule: dict[str, Any]) -> None:
    """It exists, begins with the alert's name and summary, and has all four parts."""
    page = (ROOT / rule["annotations"]["runbook_url"]).read_text(encoding="utf-8")
    assert page.startswith(f"# {rule['alert']}\n\n{rule['annotations']['summary']}\n")
    parts = re.findall(r"^## (.+)\n(.+)$", page, re.MULTILINE)
    assert [heading for heading, _ in parts] == HEADINGS
    assert all(len(text) > 20 for _, text in parts)


def test_the_index_has_every_alert() -> None:
    """In the order of the file, with severity and summary; and every page of an alert belongs to one."""
    index = (RUNBOOKS / "index.md").read_text(encoding="utf-8")
    rows = []
    for rule in RULES:
        page = Path(rule["annotations"]["runbook_url"]).name
        rows.append(f"| [{rule['alert']}]({page}) | {rule['labels']['severity']} | {rule['annotations']['summary']} |")
    assert "\n".join(rows) in index
    named = {Path(rule["annotations"]["runbook_url"]).name for rule in RULES}
    pages = {path.name for path in RUNBOOKS.glob("*.md") if "## What it means" in path.read_text(encoding="utf-8")}
    assert pages == named
