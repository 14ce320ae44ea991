"""What a worker counts and times, in a registry of its own."""

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas import metrics as names
from streams.domain.records import Out, Step

_STEP_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)


class Meters:
    """The metrics of one worker; `registry` is what `/metrics` shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._step_seconds = Histogram(names.CASCADE_TIME.name, names.CASCADE_TIME.meaning, registry=self.registry, buckets=_STEP_BUCKETS)
        self._lateness = Histogram(names.WORKER_LATENESS.name, names.WORKER_LATENESS.meaning, registry=self.registry, buckets=_STEP_BUCKETS)
        self._events = self._counter(names.WORKER_EVENTS, "outcome")
        self._steps = self._counter(names.WORKER_STEPS)
        self._cascades = self._counter(names.WORKER_CASCADES, "cause")
        self._dead = self._counter(names.WORKER_DEAD, "reason")
        self.rebalances = self._counter(names.WORKER_REBALANCES)
        self._late = self._counter(names.WORKER_LATE)
        self.rewritten = self._counter(names.WORKER_REWRITTEN)
        self.offsets = self._gauge(names.WORKER_OFFSET, "partition", "place")
        self.lag = self._gauge(names.WORKER_LAG, "partition")
        self.in_flight = self._gauge(names.WORKER_IN_FLIGHT, "partition")
        self.restored = self._gauge(names.WORKER_RESTORED)
        self.ready = self._gauge(names.WORKER_READY)
        self.kafka_up = self._gauge(names.WORKER_KAFKA)

    def _counter(self, metric: names.Metric, *labels: str) -> Counter:
        return Counter(metric.name, metric.meaning, labels, registry=self.registry)

    def _gauge(self, metric: names.Metric, *labels: str) -> Gauge:
        return Gauge(metric.name, metric.meaning, labels, registry=self.registry)

    def step_took(self, seconds: float) -> None:
        """Note how long a step has computed."""
        self._step_seconds.observe(seconds)

    def stepped(self, step: Step) -> None:
        """Count what a step did."""
        self._steps.inc()
        for outcome, count in step.counts.items():
            self._events.labels(outcome).inc(count)
        if step.late:
            self._late.inc(step.late)
        for letter in step.dead:
            self._dead.labels(letter.reason).inc()
        if step.cascades:
            self._cascades.labels("step").inc(len(step.cascades))

    def flushed(self, cascades: Sequence[Out], late_s: float) -> None:
        """Count the messages of closed windows, and how long after its end the first of them left."""
        if cascades:
            self._cascades.labels("window").inc(len(cascades))
            self._lateness.observe(late_s)

    def forget(self, partition: int) -> None:
        """Drop the figures of a partition that this worker no longer owns."""
        label = str(partition)
        for gauge, extra in ((self.lag, [()]), (self.in_flight, [()]), (self.offsets, [("end",), ("read",), ("durable",), ("committed",)])):
            for more in extra:
                try:
                    gauge.remove(label, *more)
                except KeyError:
                    continue
