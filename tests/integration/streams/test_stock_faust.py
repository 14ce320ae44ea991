"""What Faust does as shipped where we replaced it: each property holds with our part and fails with Faust's.

What stores and agents do wrong is in test_stock_stores.py; what needs a crash or a second writer to show is in
tests/property/streams/broken.py; docs/explanation/faults.md has the whole list.
"""

import asyncio
import contextlib
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiokafka
import faust
import pytest
from aiokafka.errors import NotEnoughReplicasError
from faust.tables.recovery import Recovery, ServiceStopped
from faust.topics import Topic
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.transport.producer import ProducerBuffer
from faust.types import TP
from faust.windows import TumblingWindow

from broker.connection import KafkaSettings
from streams.domain.records import Out
from streams.domain.rules import Rules
from streams.domain.windows import close_of
from streams.engine.consumer import BatchConsumer
from streams.engine.faust_app import Group, Wiring, _app
from streams.engine.fillers import Filling
from streams.engine.producer import PatientProducer
from streams.engine.recovery import FillingRecovery
from streams.publication import Publication
from streams.writer import Outlets, Writer
from tests.unit.streams.sink import Sink

_TP = TP("task-changes", 0)
_OPTIONS: dict[str, Any] = {"bootstrap_servers": "127.0.0.1:1"}


def _books(watermark: int) -> Any:  # noqa: ANN401  stands for a consumer of either kind
    """Return a consumer's books: committed up to 10, event 10 on its way, event 11 acknowledged."""
    index: defaultdict[TP, set[int]] = defaultdict(set, {_TP: {11}})
    partitions = SimpleNamespace(watermark=lambda _number: watermark)
    return SimpleNamespace(_acked={_TP: [11]}, _acked_index=index, _gap={_TP: None}, _committed_offset={_TP: 10}, partitions=partitions)


@pytest.mark.parametrize(("consumer", "holds"), [(BatchConsumer, True), (Consumer, False)], ids=["ours", "stock"])
def test_nothing_on_its_way_is_committed(consumer: Any, holds: bool) -> None:  # noqa: ANN401, FBT001  either kind; a table
    """F10, Faust issue 606: an acknowledged event behind one that is not does not let the latter be committed."""
    assert (consumer._new_offset(_books(10), _TP) <= 10) is holds  # noqa: SLF001  the method that a commit asks


async def _stock_flush() -> bool:
    buffer = ProducerBuffer()
    buffer.app = SimpleNamespace(conf=SimpleNamespace(producer_threaded=False))
    buffer._started.set()  # noqa: SLF001  a running service without its task: the broker takes nothing
    for _ in range(3):
        buffer.put(SimpleNamespace())
    await buffer.flush()
    return bool(buffer.size == 0)


async def _our_flush() -> bool:
    writer, running = _writer(Sink(held=True))
    writer.put(Publication(step=1, ticket=0, state=[Out(b"offset/0", b"{}")]))
    waiting = asyncio.create_task(writer.drained())
    await asyncio.sleep(0.3)
    still_waits = not waiting.done()
    for task in (waiting, running):
        task.cancel()
    await asyncio.wait([waiting, running])
    return still_waits


def _writer(sink: Sink) -> tuple[Writer, "asyncio.Task[None]"]:
    outlets = Outlets(changes="changes", cascades="cascades", state="state", dead="dead", dead_partitions=1)
    writer = Writer(0, sink, outlets, lambda _done: None, lambda: 0)
    return writer, asyncio.create_task(writer.run())


@pytest.mark.parametrize(("flush", "holds"), [(_our_flush, True), (_stock_flush, False)], ids=["ours", "stock"])
async def test_a_flush_waits_for_a_broker_that_is_away(flush: Any, holds: bool) -> None:  # noqa: ANN401, FBT001  a table
    """F1: what was to be sent is not given up on after a tenth of a second, for a commit comes next."""
    assert await flush() is holds


async def _stock_refusal() -> bool:
    sent: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    sent.set_exception(NotEnoughReplicasError())
    message = SimpleNamespace(set_exception=lambda _error: None, message=SimpleNamespace(channel=SimpleNamespace(get_topic_name=str)))
    app = SimpleNamespace(sensors=SimpleNamespace(on_send_error=lambda *_: None))
    try:
        Topic._on_published(SimpleNamespace(app=app), sent, message, None, None)  # noqa: SLF001  what Faust calls
    except NotEnoughReplicasError:
        return True
    return False


async def _our_refusal() -> bool:
    sink = Sink(held=True)
    writer, running = _writer(sink)
    writer.put(Publication(step=1, ticket=0, state=[Out(b"offset/0", b"{}")]))
    await asyncio.sleep(0.01)
    sink.refuse(NotEnoughReplicasError())
    await asyncio.wait([running])
    return running.exception() is not None


@pytest.mark.parametrize(("refusal", "holds"), [(_our_refusal, True), (_stock_refusal, False)], ids=["ours", "stock"])
async def test_a_refused_row_ends_the_worker(refusal: Any, holds: bool) -> None:  # noqa: ANN401, FBT001  a table
    """F2: rows that the broker refuses for good are not a line in the log after which the commit goes on."""
    assert await refusal() is holds


async def test_the_producer_is_idempotent() -> None:
    """F4: a retry is no second record; Faust asks for that in transactions only."""
    transport: Any = SimpleNamespace(transport=SimpleNamespace(client_options=_OPTIONS, batch_bytes=1 << 16))
    ours = PatientProducer._new_producer(transport)  # noqa: SLF001
    stock = driver.Producer._settings_extra(SimpleNamespace(app=SimpleNamespace(in_transaction=False)))  # noqa: SLF001
    theirs = aiokafka.AIOKafkaProducer(**_OPTIONS, **stock)
    for producer in (ours, theirs):
        producer._closed = True  # noqa: SLF001  it was never started
    assert (ours._txn_manager is not None, theirs._txn_manager is not None) == (True, False)  # noqa: SLF001  no public way to ask


@pytest.mark.parametrize(("recovery", "holds"), [(FillingRecovery, True), (Recovery, False)], ids=["ours", "stock"])
async def test_a_restore_waits_for_kafka(recovery: Any, holds: bool, tmp_path: Path) -> None:  # noqa: ANN401, FBT001  a table
    """F13: Faust takes a wait of more than half a minute for its own end: it never restores again, and looks healthy."""
    app = faust.App("stock", datadir=str(tmp_path))
    app.finalize()
    ours = {"stores": None, "fillers": None} if holds else {}
    answered = asyncio.Event()

    async def answer() -> None:
        await asyncio.sleep(0.2)
        answered.set()

    with contextlib.suppress(ServiceStopped):
        await recovery(app, app.tables, **ours)._wait(answer(), timeout=0.05)  # noqa: SLF001  what its restore waits by
    assert answered.is_set() is holds


async def test_settings_that_would_harm_are_off(tmp_path: Path) -> None:
    """F8, F12: a store that is ahead is mended instead of refused for ever, and no port shows the tables to everybody."""
    ours = _app(
        Group("g", None, 6.0, 1.5, 1.0), Wiring(_OPTIONS, "changes", "state", 4, tmp_path, 100, 1 << 16, Filling(KafkaSettings(), 0, 0))
    ).conf
    stock = faust.App("stock", datadir=str(tmp_path)).conf
    assert (ours.web_enabled, stock.web_enabled) == (False, True)
    assert (ours.recovery_consistency_check, stock.recovery_consistency_check) == (False, True)


def test_windows_of_half_a_second_exist() -> None:
    """Faust's windows count in whole seconds; ours end where the wall clock says."""
    with pytest.raises(ValueError, match="zero"):
        TumblingWindow(0.5).ranges(1000.7)
    assert close_of(1_000_700, Rules(window_ms=500)) == 1_001_000
