"""The names of what is measured. The first eight are the design's; operators rely on them."""

from typing import Final, Literal, NamedTuple


class Metric(NamedTuple):
    """One metric. Latencies are in seconds. process: who exposes it (`verify` writes a file for a collector)."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    process: Literal["edge", "worker", "both", "verify"]
    meaning: str

    @property
    def samples(self) -> tuple[str, ...]:
        """Return the names under which Prometheus finds it."""
        if self.kind == "histogram":
            return (f"{self.name}_bucket", f"{self.name}_sum", f"{self.name}_count")
        return (f"{self.name}_total" if self.kind == "counter" else self.name,)


WEBSOCKET_CONNECTIONS: Final = Metric("websocket_connections_total", "gauge", "edge", "open WebSocket connections")
WEBSOCKET_MESSAGES: Final = Metric("websocket_messages_per_second", "gauge", "edge", "frames sent to clients in the last second")
BULK_LATENCY: Final = Metric("api_bulk_endpoint_latency", "histogram", "edge", "time to answer the bulk call")
CASCADE_TIME: Final = Metric(
    "cascade_calculation_time", "histogram", "both", "event appended to its cascade appended (edge), one step (worker)"
)
AI_BATCH_EFFICIENCY: Final = Metric(
    "ai_batch_efficiency", "gauge", "both", "AI events per merged message: made (worker) or read (edge) since the start"
)
USER_LATENCY: Final = Metric("user_update_latency", "histogram", "edge", "a person's event appended to its frame handed out")
CACHE_HITS: Final = Metric("cache_hit_ratio", "gauge", "edge", "bulk answers served from the encoded cache, since the start")
VIEW_REFRESH: Final = Metric("materialized_view_refresh_time", "histogram", "edge", "event appended to its row visible at the edge")

DESIGN_METRICS: Final = (
    WEBSOCKET_CONNECTIONS,
    WEBSOCKET_MESSAGES,
    BULK_LATENCY,
    CASCADE_TIME,
    AI_BATCH_EFFICIENCY,
    USER_LATENCY,
    CACHE_HITS,
    VIEW_REFRESH,
)

EDGE_ROWS: Final = Metric("edge_rows", "gauge", "edge", "rows in the replica")
EDGE_READY: Final = Metric("edge_ready", "gauge", "edge", "1 when the edge has read up to the ends noted at its start")
EDGE_STALE: Final = Metric(
    "edge_stale", "gauge", "edge", "1 while clients are told that what they see is old: Kafka is away, the edge lags, or events wait"
)
EDGE_LAG: Final = Metric("edge_lag_records", "gauge", "edge", "records of cascades that are not read yet")
EDGE_BACKLOG: Final = Metric("edge_backlog_events", "gauge", "edge", "events in the log that are in no row here yet")
EDGE_JOINS: Final = Metric("edge_joins", "counter", "edge", "streams joined, by result")
EDGE_POISON: Final = Metric("edge_poison_records", "counter", "edge", "records of cascades and task-state that could not be read")
EDGE_WRITES: Final = Metric("edge_writes", "counter", "edge", "changes taken or refused, by result")
EDGE_STALLED: Final = Metric("edge_stalled_connections", "counter", "edge", "connections ended because nothing was taken for too long")
EDGE_DRIFT: Final = Metric(
    "edge_drifts", "counter", "edge", "projects whose rows in memory did not add up to their digests and counts, or missed a member"
)
EDGE_MENDED: Final = Metric("edge_mended_rows", "counter", "edge", "rows replaced by what task-state says, after a drift")
EDGE_PAUSED: Final = Metric("edge_paused_connections", "gauge", "edge", "connections that take no more for now")
EDGE_UNSENT: Final = Metric("edge_unsent_bytes", "gauge", "edge", "bytes written to connections that the system has not taken")
EDGE_CONFLATED: Final = Metric("edge_conflated_streams", "counter", "edge", "backlogs of a slow client that a snapshot replaced")
EDGE_WAITING: Final = Metric("edge_waiting_connections", "gauge", "edge", "HTTP connections of which a request, or its rest, is awaited")
EDGE_IMPATIENT: Final = Metric(
    "edge_ended_connections", "counter", "edge", "HTTP connections ended: too little came, none was taken, or too many waited; by reason"
)
EDGE_METRICS: Final = (
    EDGE_ROWS,
    EDGE_READY,
    EDGE_STALE,
    EDGE_LAG,
    EDGE_BACKLOG,
    EDGE_JOINS,
    EDGE_POISON,
    EDGE_WRITES,
    EDGE_STALLED,
    EDGE_DRIFT,
    EDGE_MENDED,
    EDGE_PAUSED,
    EDGE_UNSENT,
    EDGE_CONFLATED,
    EDGE_WAITING,
    EDGE_IMPATIENT,
)

WORKER_EVENTS: Final = Metric("worker_events", "counter", "worker", "events folded, by what became of them")
WORKER_STEPS: Final = Metric("worker_steps", "counter", "worker", "steps taken")
WORKER_CASCADES: Final = Metric("worker_cascades", "counter", "worker", "messages handed to Kafka for cascades")
WORKER_DEAD: Final = Metric("worker_dead_letters", "counter", "worker", "poison records sent to the dead letters")
WORKER_OFFSET: Final = Metric("worker_offset", "gauge", "worker", "ends per partition: end of the log, read, durable, committed")
WORKER_LAG: Final = Metric("worker_lag_events", "gauge", "worker", "events per partition that are not durable yet")
WORKER_IN_FLIGHT: Final = Metric("worker_in_flight_events", "gauge", "worker", "events taken in and not durable yet, per partition")
WORKER_IN_FLIGHT_BYTES: Final = Metric(
    "worker_in_flight_bytes", "gauge", "worker", "bytes of the events taken in and not durable yet, per partition"
)
WORKER_RESTORED: Final = Metric("worker_restored_records", "gauge", "worker", "changelog records read to restore the stores")
WORKER_READY: Final = Metric("worker_ready", "gauge", "worker", "1 when the stores of all assigned partitions are restored")
WORKER_KAFKA: Final = Metric("worker_kafka_up", "gauge", "worker", "1 while Kafka answers")
WORKER_REBALANCES: Final = Metric("worker_rebalances", "counter", "worker", "assignments received")
WORKER_REWRITTEN: Final = Metric(
    "worker_rewritten_rows", "counter", "worker", "rows written again because a former owner had written over them"
)
WORKER_REBUILT: Final = Metric(
    "worker_rebuilt_partitions",
    "gauge",
    "worker",
    "partitions whose oldest rows were gone from Kafka at the start; all their rows come again",
)
WORKER_LATE: Final = Metric(
    "worker_late_activity_events", "counter", "worker", "applied events too long ago to count in their minute's activity"
)
WORKER_LATENESS: Final = Metric(
    "worker_window_lateness_seconds", "histogram", "worker", "end of an agents' window to the moment its message is made"
)
WORKER_SAVED: Final = Metric(
    "worker_ai_saved_bytes", "counter", "worker", "bytes that merged messages saved, against a message with its cascade per event (about)"
)
WORKER_WINDOWS: Final = Metric("worker_open_windows", "gauge", "worker", "projects whose agents' changes are collected, per partition")
WORKER_STORE: Final = Metric("worker_store_bytes", "gauge", "worker", "bytes of each partition's store, standbys too")
WORKER_DISK: Final = Metric("worker_disk_free_ratio", "gauge", "worker", "free part of the disk under the stores, 0 to 1")
WORKER_METRICS: Final = (
    WORKER_EVENTS,
    WORKER_STEPS,
    WORKER_CASCADES,
    WORKER_DEAD,
    WORKER_OFFSET,
    WORKER_LAG,
    WORKER_IN_FLIGHT,
    WORKER_IN_FLIGHT_BYTES,
    WORKER_RESTORED,
    WORKER_READY,
    WORKER_KAFKA,
    WORKER_REBALANCES,
    WORKER_REWRITTEN,
    WORKER_REBUILT,
    WORKER_LATE,
    WORKER_LATENESS,
    WORKER_SAVED,
    WORKER_WINDOWS,
    WORKER_STORE,
    WORKER_DISK,
)

PROCESS_FILES: Final = Metric("process_open_fds", "gauge", "both", "open files and sockets")
PROCESS_FILES_LIMIT: Final = Metric("process_max_fds", "gauge", "both", "files and sockets that the process may have open")
PROCESS_MEMORY: Final = Metric("process_resident_memory_bytes", "gauge", "both", "memory in use")
PROCESS_CPU: Final = Metric("process_cpu_seconds", "counter", "both", "time on a core")
PROCESS_METRICS: Final = (PROCESS_FILES, PROCESS_FILES_LIMIT, PROCESS_MEMORY, PROCESS_CPU)

VERIFY_DIFFERENCES: Final = Metric("verify_differences", "gauge", "verify", "rows that differ from the last recount")
VERIFY_EVENTS: Final = Metric("verify_events", "gauge", "verify", "events that the last recount took in")
VERIFY_FINISHED: Final = Metric("verify_finished_time_seconds", "gauge", "verify", "when the last recount ended, in seconds since 1970")
VERIFY_METRICS: Final = (VERIFY_DIFFERENCES, VERIFY_EVENTS, VERIFY_FINISHED)

ALL_METRICS: Final = (*DESIGN_METRICS, *EDGE_METRICS, *WORKER_METRICS, *PROCESS_METRICS, *VERIFY_METRICS)
