"""Metrics have one name each, and the names that Prometheus asks for."""

import pytest

from schemas.metrics import ALL_METRICS, Metric


def test_names_are_said_once() -> None:
    """All lists together."""
    names = [metric.name for metric in ALL_METRICS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("metric", "samples"),
    [
        (Metric("a", "gauge", "both", ""), ("a",)),
        (Metric("a", "counter", "both", ""), ("a_total",)),
        (Metric("a", "histogram", "both", ""), ("a_bucket", "a_sum", "a_count")),
    ],
)
def test_samples(metric: Metric, samples: tuple[str, ...]) -> None:
    """As the exposition format makes them of each kind."""
    assert metric.samples == samples
