"""From a producer to the frame, as a collector sees it: a real worker and edge, and a receiver of OTLP on a real socket."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from broker.connection import KafkaSettings, client_options
from schemas.events import Event, Fields, encode_event
from schemas.topics import TASK_CHANGES
from tests.integration.api.harness import RunningEdge, StartEdge, client_of
from tests.integration.streams.worker_process import WorkerProcess

PATIENCE_S = 60
TRACES = [f"{number:032x}" for number in range(1, 6)]
PARENT = f"{7:016x}"


class Receiver:
    """A collector: takes what OpenTelemetry's own exporter posts to /v1/traces, and keeps the spans."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._came = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request after the other in."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:-2])
                asked = ExportTraceServiceRequest.FromString(await reader.readexactly(int(fields["content-length"])))
                self.spans += [span for resource in asked.resource_spans for scope in resource.scope_spans for span in scope.spans]
                self._came.set()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def until(self, wanted: Callable[[Span], bool]) -> Span:
        """Return the first span of this kind."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for span in self.spans:
                    if wanted(span):
                        return span
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def receiving(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """Run a collector that the environment names."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield receiver
    finally:
        server.close()


def of_agent(number: int) -> Event:
    """Return an agent's new task."""
    return Event(
        id=f"e{number}",
        entity="task",
        action="create",
        project_id="p",
        entity_id=f"t{number}",
        branch_id="b",
        occurred_at="2026-11-25T10:00:00Z",
        source="mcp-ai",
        data=Fields(title="T"),
    )


@asynccontextmanager
async def folding(topics: KafkaSettings, folder: Path) -> AsyncIterator[AIOKafkaProducer]:
    """Run a worker; gives a producer for the log."""
    worker = WorkerProcess(topics, folder)
    await worker.start()
    producer = AIOKafkaProducer(acks="all", **client_options(topics))
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
        await worker.kill()


async def test_a_collector_sees_all_the_way(
    topics: KafkaSettings, start_edge: StartEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window of agents' changes links to each that has a trace; a person's change by WebSocket is one line below the client's span."""
    async with folding(topics, tmp_path / "worker") as producer, receiving(monkeypatch) as receiver:
        edge = await start_edge(tracing=True)
        for number, trace_id in enumerate(TRACES[:4]):
            headers = [("traceparent", f"00-{trace_id}-{PARENT}-01".encode())]
            await producer.send(topics.topic(TASK_CHANGES), encode_event(of_agent(number)), key=b"p", headers=headers)
        await producer.flush()
        merged = await receiver.until(lambda span: span.name == "fold" and len(span.links) > 1)
        assert {link.trace_id.hex() for link in merged.links} <= set(TRACES[:4])
        assert merged.trace_id.hex() not in TRACES
        await receiver.until(lambda span: span.name == "frame" and span.parent_span_id == merged.span_id)
        await change_by_socket(edge, f"00-{TRACES[4]}-{PARENT}-01")
        above = PARENT
        for name in ("task-changes publish", "fold", "frame"):
            span = await receiver.until(lambda span, name=name: (span.name, span.trace_id.hex()) == (name, TRACES[4]))  # type: ignore[misc]  # a default
            assert span.parent_span_id.hex() == above
            above = span.span_id.hex()


async def change_by_socket(edge: RunningEdge, trace: str) -> None:
    """Add a task, and wait until the worker has."""
    change = {"entity": "task", "action": "create", "data": {"primary": {"id": "t9", "branch_id": "b", "title": "New"}}}
    async with client_of(edge) as client:
        await client.subscribe("project:p")
        frame = {"type": "update", "id": "change-1", "stream": "project:p", "payload": change, "metadata": {"traceparent": trace}}
        await client.socket.send(json.dumps(frame))
        await client.until("ack", "applied")


async def test_one_trace_from_a_service_to_the_frame(
    topics: KafkaSettings, start_edge: StartEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that uses OpenTelemetry does nothing for it: its span, the publisher's, the worker's and the frame are one line."""
    async with folding(topics, tmp_path / "worker") as producer, receiving(monkeypatch) as receiver:
        edge = await start_edge(tracing=True)
        async with client_of(edge) as client:
            await client.subscribe("project:*")
            await producer.send_and_wait(topics.topic(TASK_CHANGES), encode_event(of_agent(1)), key=b"p")
            await client.until("bulk", "snapshot")
            service = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.integration.api.traced_shop", topics.bootstrap, topics.topic_prefix
            )
            async with asyncio.timeout(PATIENCE_S):
                assert await service.wait() == 0
            while (frame := await client.until("update", "create"))["payload"]["data"]["primary"]["id"] != "t":
                pass  # the agent's own, when the snapshot was made of its rows before its message came
        last = await receiver.until(lambda span: span.name == "frame" and attribute(span, "anabranch.event_id") == frame["id"])
        names, span = [last.name], last
        while span.parent_span_id:
            span = await receiver.until(lambda one, above=span.parent_span_id: one.span_id == above)  # type: ignore[misc]  # a default
            names.append(span.name)
            assert span.trace_id == last.trace_id
        assert names == ["frame", "fold", "task-changes publish", "checkout"]


def attribute(span: Span, name: str) -> str | None:
    """Return the text that a span has under a name."""
    return next((one.value.string_value for one in span.attributes if one.key == name), None)
