"""What one worker process can be told. Names in the environment start with ANABRANCH_, nested ones are joined by `__`."""

from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from broker.connection import KafkaSettings


class Limits(BaseModel):
    """Bounds on what a worker holds and sends.

    in_flight_events, in_flight_bytes: events that are not durable yet; whichever is reached first stops the fetch. These and `cache_rows`
    (about 750 bytes each) are shared by the partitions of a worker.
    poison_consecutive: so many records one after the other that cannot be applied stop the worker. poison_ratio: so does a larger
    part of each `poison_ratio_events` records of a partition.
    restore_records, restore_processes: stores that together lack more records than this are restored by processes of their own, so many at
    a time (each takes up to 250 MB while it works); with 0 processes the worker restores all by itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_flight_events: int = Field(default=16_384, ge=1)
    in_flight_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    step_events: int = Field(default=2_048, ge=1)
    cache_rows: int = Field(default=200_000, ge=1)
    record_batch_bytes: int = Field(default=512 * 1024, ge=16 * 1024)
    message_bytes: int = Field(default=256 * 1024, ge=16 * 1024)
    poison_consecutive: int = Field(default=100, ge=1)
    poison_ratio: float = Field(default=0.2, gt=0, le=1)
    poison_ratio_events: int = Field(default=1_000, ge=1)
    restore_records: int = Field(default=100_000, ge=0)
    restore_processes: int = Field(default=2, ge=0)


class Times(BaseModel):
    """Every wait of a worker, in milliseconds.

    window: of agents' changes; quiet: after so long without any, the next one goes out at once. fetch_wait: how long the broker may
    hold a fetch. session, heartbeat: of the consumer group; a worker that stood still for half a session ends itself. stall: no
    progress for this long while events wait and Kafka answers ends the process. start: how long Kafka may be missing at the start.
    shutdown: for a clean stop. store_horizon: a store untouched for longer is rebuilt, because tombstones expire.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    window_ms: int = Field(default=500, ge=10)
    quiet_ms: int = Field(default=1_000, ge=0)
    fetch_wait_ms: int = Field(default=100, ge=1)
    commit_interval_ms: int = Field(default=1_000, ge=50)
    session_ms: int = Field(default=6_000, ge=1_000)
    heartbeat_ms: int = Field(default=1_500, ge=100)
    stall_ms: int = Field(default=60_000, ge=1_000)
    start_ms: int = Field(default=20_000, ge=0)
    shutdown_ms: int = Field(default=4_000, ge=100)
    store_horizon_ms: int = Field(default=7 * 24 * 3_600_000, ge=60_000)


class WorkerSettings(BaseSettings):
    """One worker. private_port: 0 picks a free one, None serves no health or metrics.

    instance_id: a stable name makes the group membership static (production). application_id: the consumer group.
    standby_replicas: how many other workers keep a copy of each partition's rows, so that one of them takes over without a full restore.
    """

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="ANABRANCH_", env_nested_delimiter="__", populate_by_name=True, extra="ignore", hide_input_in_errors=True
    )

    kafka: KafkaSettings = KafkaSettings()
    worker_dir: Path = Path(".anabranch/worker")
    application_id: str = "anabranch"
    instance_id: str | None = None
    standby_replicas: int = Field(default=1, ge=0)
    private_host: str = "127.0.0.1"
    private_port: int | None = 0
    feature_ai_batch: bool = Field(default=True, validation_alias=AliasChoices("feature_ai_batch", "FEATURE_AI_BATCH"))
    limits: Limits = Limits()
    times: Times = Times()
