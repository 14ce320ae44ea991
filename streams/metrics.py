"""What a worker counts and times, in a registry of its own."""

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from schemas import metrics as names
from streams.domain.records import Out, Step
from streams.domain.windows import Merging

_STEP_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)


class Meters:
    """The metrics of one worker; `registry` is what `/metrics` shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._step_seconds = Histogram(names.CASCADE_TIME.name, names.CASCADE_TIME.meaning, registry=self.registry, buckets=_STEP_BUCKETS)
        self._lateness = Histogram(names.WORKER_LATENESS.name, names.WORKER_LATENESS.meaning, registry=self.registry, buckets=_STEP_BUCKETS)
        self._efficiency = self._gauge(names.AI_BATCH_EFFICIENCY)
        self._saved = self._counter(names.WORKER_SAVED)
        self._merged_events = self._merged_messages = 0
        self._events = self._counter(names.WORKER_EVENTS, "outcome")
        self._steps = self._counter(names.WORKER_STEPS)
        self._cascades = self._counter(names.WORKER_CASCADES, "cause")
        self._dead = self._counter(names.WORKER_DEAD, "reason")
        self.rebalances = self._counter(names.WORKER_REBALANCES)
        self._late = self._counter(names.WORKER_LATE)
        self.rewritten = self._counter(names.WORKER_REWRITTEN)
        self.rebuilt = self._gauge(names.WORKER_REBUILT)
        self.offsets = self._gauge(names.WORKER_OFFSET, "partition", "place")
        self.lag = self._gauge(names.WORKER_LAG, "partition")
        self.in_flight = self._gauge(names.WORKER_IN_FLIGHT, "partition")
        self.in_flight_bytes = self._gauge(names.WORKER_IN_FLIGHT_BYTES, "partition")
        self.windows = self._gauge(names.WORKER_WINDOWS, "partition")
        self.store_bytes = self._gauge(names.WORKER_STORE, "partition")
        self.disk_free = self._gauge(names.WORKER_DISK)
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

    def flushed(self, cascades: Sequence[Out]) -> None:
        """Count the messages of closed windows."""
        self._cascades.labels("window").inc(len(cascades))

    def merged(self, merging: Merging | None) -> None:
        """Count what merging agents' changes did: how many went into a message, what that saved, how late each window was told."""
        if merging is None:
            return
        self._merged_events += merging.events
        self._merged_messages += merging.messages
        if self._merged_messages:
            self._efficiency.set(self._merged_events / self._merged_messages)
        self._saved.inc(max(0, merging.alone_bytes - merging.bytes))
        for late_ms in merging.late_ms:
            self._lateness.observe(late_ms / 1000)

    def forget(self, partition: int) -> None:
        """Drop the figures of a partition that this worker no longer owns."""
        label = str(partition)
        places: list[tuple[str, ...]] = [("end",), ("read",), ("durable",), ("committed",)]
        gauges: dict[Gauge, list[tuple[str, ...]]] = {
            gauge: [()] for gauge in (self.lag, self.in_flight, self.in_flight_bytes, self.windows)
        }
        for gauge, extra in {**gauges, self.offsets: places}.items():
            for more in extra:
                try:
                    gauge.remove(label, *more)
                except KeyError:
                    continue
