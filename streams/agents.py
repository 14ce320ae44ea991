"""From settings and owners to the Faust application: its one agent only dispatches batches to the owners."""

from typing import Any

import faust

from schemas.topics import CASCADES, DLQ, TASK_CHANGES, TASK_STATE
from streams.engine.faust_app import Callbacks, Group, Wiring, build
from streams.engine.fillers import Filling
from streams.engine.probe import Layout
from streams.engine.table import Stores
from streams.owners import Owners
from streams.settings import WorkerSettings
from streams.writer import Outlets


def topic_names(settings: WorkerSettings) -> tuple[str, str, str, str]:
    """Return the names in Kafka of changes, cascades, state and dead letters."""
    changes, cascades, state, dead = (settings.kafka.topic(name) for name in (TASK_CHANGES, CASCADES, TASK_STATE, DLQ))
    return changes, cascades, state, dead


def outlets(settings: WorkerSettings, layout: Layout) -> Outlets:
    """Return where the writers send to."""
    return Outlets(*topic_names(settings), dead_partitions=layout.dead_partitions)


def faust_app(settings: WorkerSettings, options: dict[str, Any], layout: Layout, owners: Owners, stores: Stores) -> faust.App:
    """Return the application for these settings, ready to start in the running loop."""
    times, names = settings.times, topic_names(settings)
    group = Group(
        name=settings.kafka.topic(settings.application_id),
        instance_id=settings.instance_id,
        session_s=times.session_ms / 1000,
        heartbeat_s=times.heartbeat_ms / 1000,
        commit_interval_s=times.commit_interval_ms / 1000,
        standby_replicas=settings.standby_replicas,
    )
    wiring = Wiring(
        options=options,
        source_topic=names[0],
        state_topic=names[2],
        partitions=layout.partitions,
        directory=settings.worker_dir / "faust",
        fetch_wait_ms=times.fetch_wait_ms,
        batch_bytes=settings.limits.record_batch_bytes,
        filling=Filling(settings.kafka, settings.limits.restore_records, settings.limits.restore_processes),
    )
    return build(group, wiring, owners, stores, Callbacks(batch=owners.batch, recovered=owners.recovered, revoked=owners.revoked))
