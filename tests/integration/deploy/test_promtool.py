"""Prometheus itself agrees with the alerts: each fires when it should and is silent when it shouldn't."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml

FOLDER: Final = Path(__file__).parents[3] / "deploy" / "prometheus"
RULES: Final[list[dict[str, Any]]] = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
WORKER: Final = 'job="anabranch-worker",instance="w"'


class Case(NamedTuple):
    """Series of an hour at one value a minute, in promtool's notation: with `bad` the alert fires, with `good` it does not."""

    bad: dict[str, str]
    good: dict[str, str]
    labels: dict[str, str]
    at: str = "60m"


def over(name: str, bad: str, good: str, **labels: str) -> Case:
    """Return the case of one series."""
    series = name + ("{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}" if labels else "")
    return Case({series: bad}, {series: good}, labels)


BUCKET: Final = "user_update_latency_bucket"
CASES: Final[dict[str, Case]] = {
    "LagGrowing": Case({'worker_lag_events{partition="0"}': "0+500x60"}, {'worker_lag_events{partition="0"}': "40000-500x60"}, {}),
    "WorkerDown": over("up", "1x50 0x10", "1x60", job="anabranch-worker", instance="w"),
    "KafkaUnreachable": over("worker_kafka_up", "1x50 0x10", "1x60", instance="w"),
    "PoisonNearLimit": Case(
        {"worker_events_total": "0+600x60", "worker_dead_letters_total": "0+100x60"},
        {"worker_events_total": "0+600x60", "worker_dead_letters_total": "0+6x60"},
        {},
    ),
    "DeadLettersFilling": over("worker_dead_letters_total", "0+1x60", "0+0x60"),
    "EdgeStale": over("edge_stale", "0x50 1x10", "1x50 0x10", instance="e"),
    "EdgeNotReady": over("edge_ready", "0x60", "0x5 1x55", instance="e"),
    "DriftFound": over("verify_differences", "0x30 3x30", "0x60"),
    "EdgeDrift": over("edge_drifts_total", "0x30 1x30", "1x60"),
    "VerifyMissing": over("verify_finished_time_seconds", "-172801x60", "0x60"),
    "RestoreLong": Case(
        {f"worker_ready{{{WORKER}}}": "0x60", f"worker_kafka_up{{{WORKER}}}": "1x60"},
        {f"worker_ready{{{WORKER}}}": "0x60", f"worker_kafka_up{{{WORKER}}}": "0x60"},
        {"job": "anabranch-worker", "instance": "w"},
    ),
    "DiskFilling": over("worker_disk_free_ratio", "0.5-0.01x60", "0.5x60", instance="w"),
    "DescriptorsNearLimit": Case(
        {'process_open_fds{instance="e"}': "900x60", 'process_max_fds{instance="e"}': "1024x60"},
        {'process_open_fds{instance="e"}': "90x60", 'process_max_fds{instance="e"}': "1024x60"},
        {"instance": "e"},
    ),
    "SlowConsumersAborted": over("edge_stalled_connections_total", "0+1x60", "0+0.1x60"),
    "SoleWriterConflict": over("worker_rewritten_rows_total", "0x50 5x10", "5x60"),
    "NoCascades": Case(
        {'worker_events_total{outcome="applied"}': "0+60x60", "worker_cascades_total": "7x60"},
        {'worker_events_total{outcome="applied"}': "0+60x60", "worker_cascades_total": "0+5x60"},
        {},
    ),
    "UpdatesSlow": Case(
        {f'{BUCKET}{{le="1.0"}}': "0+50x60", f'{BUCKET}{{le="5.0"}}': "0+100x60", f'{BUCKET}{{le="+Inf"}}': "0+100x60"},
        {f'{BUCKET}{{le="1.0"}}': "0+100x60", f'{BUCKET}{{le="5.0"}}': "0+100x60", f'{BUCKET}{{le="+Inf"}}': "0+100x60"},
        {},
    ),
}


def promtool(*words: str) -> None:
    """Run promtool; skips where it is not."""
    tool = shutil.which("promtool", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if tool is None:
        pytest.skip("promtool is not here: `tools/setup.sh promtool` fetches it")
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def both_ways(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """Return promtool's two tests of an alert."""
    case = CASES[rule["alert"]]
    firing = {"exp_labels": {**case.labels, **rule["labels"]}, "exp_annotations": rule["annotations"]}
    return [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "alert_rule_test": [{"eval_time": case.at, "alertname": rule["alert"], "exp_alerts": expected}],
        }
        for series, expected in ((case.bad, [firing]), (case.good, []))
    ]


def test_the_configuration_is_right() -> None:
    """Rules and scrape configuration, as Prometheus reads them."""
    promtool("check", "rules", str(FOLDER / "alerts.yaml"))
    promtool("check", "config", str(FOLDER / "prometheus.yaml"))


def test_every_alert_fires_and_is_silent(tmp_path: Path) -> None:
    """None is left out."""
    assert CASES.keys() == {rule["alert"] for rule in RULES}
    tests = [one for rule in RULES for one in both_ways(rule)]
    file = tmp_path / "alerts.test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(FOLDER / "alerts.yaml")], "evaluation_interval": "1m", "tests": tests}))
    promtool("test", "rules", str(file))
