"""What an edge measures, in one registry of its own."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from schemas import metrics
from schemas.messages import Bulk, Message, Update
from schemas.metrics import Metric

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """The eight metrics of the design and the edge's own. `second()` is called once a second."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.connections = self._gauge(metrics.WEBSOCKET_CONNECTIONS)
        self.messages_per_second = self._gauge(metrics.WEBSOCKET_MESSAGES)
        self.bulk_latency = self._histogram(metrics.BULK_LATENCY)
        self.cascade_time = self._histogram(metrics.CASCADE_TIME)
        self.ai_batch_efficiency = self._gauge(metrics.AI_BATCH_EFFICIENCY)
        self.user_latency = self._histogram(metrics.USER_LATENCY)
        self.cache_hit_ratio = self._gauge(metrics.CACHE_HITS)
        self.view_refresh = self._histogram(metrics.VIEW_REFRESH)
        self.rows = self._gauge(metrics.EDGE_ROWS)
        self.ready = self._gauge(metrics.EDGE_READY)
        self.stale = self._gauge(metrics.EDGE_STALE)
        self.lag = self._gauge(metrics.EDGE_LAG)
        self.backlog = self._gauge(metrics.EDGE_BACKLOG)
        self.joins = Counter(metrics.EDGE_JOINS.name, metrics.EDGE_JOINS.meaning, ["result"], registry=self.registry)
        self.poison = Counter(metrics.EDGE_POISON.name, metrics.EDGE_POISON.meaning, registry=self.registry)
        self.writes = Counter(metrics.EDGE_WRITES.name, metrics.EDGE_WRITES.meaning, ["result"], registry=self.registry)
        self.stalled = Counter(metrics.EDGE_STALLED.name, metrics.EDGE_STALLED.meaning, registry=self.registry)
        self.drifts = Counter(metrics.EDGE_DRIFT.name, metrics.EDGE_DRIFT.meaning, registry=self.registry)
        self.mended = Counter(metrics.EDGE_MENDED.name, metrics.EDGE_MENDED.meaning, registry=self.registry)
        self.paused = self._gauge(metrics.EDGE_PAUSED)
        self.unsent = self._gauge(metrics.EDGE_UNSENT)
        self.conflated = Counter(metrics.EDGE_CONFLATED.name, metrics.EDGE_CONFLATED.meaning, registry=self.registry)
        self.waiting = self._gauge(metrics.EDGE_WAITING)
        self.impatient = Counter(metrics.EDGE_IMPATIENT.name, metrics.EDGE_IMPATIENT.meaning, ["reason"], registry=self.registry)
        self._sent = 0
        self._merged_frames = self._merged_events = 0
        self._bulk_calls = self._bulk_hits = 0

    def sent(self, frames: int) -> None:
        """Count frames that were handed to a client's socket."""
        self._sent += frames

    def second(self, paused: int, unsent: int) -> None:
        """Turn the counts of the last second into a rate; note how many connections take nothing now, and what waits for them all."""
        self.paused.set(paused)
        self.unsent.set(unsent)
        self.messages_per_second.set(self._sent)
        self._sent = 0

    def bulk(self, seconds: float, *, cached: bool) -> None:
        """Note one bulk call."""
        self.bulk_latency.observe(seconds)
        self._bulk_calls += 1
        self._bulk_hits += cached
        self.cache_hit_ratio.set(self._bulk_hits / self._bulk_calls)

    def message(self, message: Message, appended_ms: int, now_ms: int) -> None:
        """Note a message of `cascades` that was appended and handed out at these times."""
        if isinstance(message, Bulk) and message.metadata.merged:
            self._merged_frames += 1
            self._merged_events += message.metadata.merged.events
            self.ai_batch_efficiency.set(self._merged_events / self._merged_frames)
        elif isinstance(message, Update):
            self.cascade_time.observe(max(0, appended_ms - message.timestamp) / 1000)
            if message.metadata.source == "user":
                self.user_latency.observe(max(0, now_ms - message.timestamp) / 1000)

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(metric.name, metric.meaning, registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(metric.name, metric.meaning, registry=self.registry, buckets=_BUCKETS)
