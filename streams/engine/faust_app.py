"""The Faust application: source topic, agent, table and transport, with the parts of this package in place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, StreamT

from streams.engine.consumer import BatchConsumer
from streams.engine.fillers import Fillers, Filling
from streams.engine.ports import Batch, Partitions
from streams.engine.producer import PatientProducer
from streams.engine.recovery import FillingRecovery
from streams.engine.table import Stores, TableStore


class BatchTransport(driver.Transport):
    """Faust's Kafka transport with this package's consumer and producer."""

    Consumer = BatchConsumer
    Producer = PatientProducer

    client_options: dict[str, Any]
    source_topic: str
    fetch_wait_ms: int
    batch_bytes: int
    partitions: Partitions
    stores: Stores


@dataclass(frozen=True)
class Group:
    """How the consumer group behaves; seconds."""

    name: str
    instance_id: str | None
    session_s: float
    heartbeat_s: float
    commit_interval_s: float
    standby_replicas: int = 1


@dataclass(frozen=True)
class Wiring:
    """What the Faust application connects. options: of every Kafka client. partitions: how many the topics have."""

    options: dict[str, Any]
    source_topic: str
    state_topic: str
    partitions: int
    directory: Path
    fetch_wait_ms: int
    batch_bytes: int
    filling: Filling


@dataclass(frozen=True)
class Callbacks:
    """What the owners do when Faust hands over batches, has restored the rows, or loses its partitions."""

    batch: Callable[[int, Batch], Awaitable[None]]
    recovered: Callable[[set[int]], None]
    revoked: Callable[[], Awaitable[None]]


def build(group: Group, wiring: Wiring, owners: Partitions, stores: Stores, callbacks: Callbacks) -> faust.App:
    """Return the application, ready to start in the running loop."""
    app = _app(group, wiring)
    transport = BatchTransport(app.conf.broker_consumer, app)
    transport.client_options = wiring.options
    transport.source_topic = wiring.source_topic
    transport.fetch_wait_ms = wiring.fetch_wait_ms
    transport.batch_bytes = wiring.batch_bytes
    transport.partitions = owners
    transport.stores = stores
    app.transport = app.producer_transport = transport
    _table(app, wiring, stores, callbacks)
    _agent(app, wiring, callbacks)
    recovery = FillingRecovery(app, app.tables, stores=stores, fillers=Fillers(wiring.filling, stores.took), beacon=app.tables.beacon)
    app.tables._recovery = recovery  # noqa: SLF001  no public way to give one
    app.on_partitions_revoked.connect(_revoked(callbacks, recovery), weak=False)
    return app


def _app(group: Group, wiring: Wiring) -> faust.App:
    app = faust.App(
        group.name,
        broker=f"kafka://{wiring.options['bootstrap_servers']}",
        store="memory://",
        datadir=str(wiring.directory),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=wiring.partitions,
        broker_session_timeout=group.session_s,
        broker_heartbeat_interval=group.heartbeat_s,
        broker_request_timeout=max(30.0, group.session_s),
        broker_rebalance_timeout=max(30.0, group.session_s),
        broker_commit_interval=group.commit_interval_s,
        broker_commit_every=1_000_000_000,
        consumer_group_instance_id=group.instance_id,
        consumer_max_fetch_size=1 << 20,
        table_standby_replicas=group.standby_replicas,
        stream_buffer_maxsize=32,
        stream_wait_empty=True,
        recovery_consistency_check=False,
    )
    app.finalize()
    return app


def _table(app: faust.App, wiring: Wiring, stores: Stores, callbacks: Callbacks) -> None:
    changelog = app.topic(
        wiring.state_topic, key_type=None, value_type=None, key_serializer="raw", value_serializer="raw", partitions=wiring.partitions
    )
    table: Any = app.Table(
        "task-state",
        partitions=wiring.partitions,
        key_type=bytes,
        value_type=bytes,
        changelog_topic=changelog,
        recovery_buffer_size=2,  # 1 would make Faust go on reading its own changelog after the recovery
    )
    table._new_store = lambda: TableStore(app, table, stores)  # noqa: SLF001  no public way to give a store object

    async def recovered() -> None:
        stores.end_restore()
        callbacks.recovered({tp.partition for tp in app.assignor.assigned_actives() if tp.topic == wiring.source_topic})

    table.on_recover(recovered)


def _agent(app: faust.App, wiring: Wiring, callbacks: Callbacks) -> None:
    source = app.topic(wiring.source_topic, key_type=None, value_type=None, key_serializer="raw", value_serializer="raw")

    async def dispatch(stream: StreamT) -> None:
        async for event in stream.events():
            await callbacks.batch(event.message.partition, event.value)

    app.agent(source, name="fold")(dispatch)


def _revoked(callbacks: Callbacks, recovery: FillingRecovery) -> Callable[..., Awaitable[None]]:
    async def revoked(_app: object, _partitions: set[TP], **_kwargs: object) -> None:
        await callbacks.revoked()
        await recovery.end_filling()

    return revoked
