"""A service that uses OpenTelemetry, and publishes below a span of its own. Arguments: the address of Kafka, the prefix of its topics."""

import asyncio
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from connectors.publish import KafkaSettings, Project, Publisher


async def main(bootstrap: str, prefix: str) -> None:
    """Create one task."""
    async with Publisher(KafkaSettings(bootstrap=bootstrap, topic_prefix=prefix)) as publisher:
        with trace.get_tracer("shop").start_as_current_span("checkout"):
            await publisher.write(Project(id="p", source="user").create_task("t", "b", title="Ship it"))


if __name__ == "__main__":
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    asyncio.run(main(*sys.argv[1:]))
    provider.shutdown()
