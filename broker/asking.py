"""Questions to a Kafka, and orders: aiokafka's admin client, started within a bound and ended whatever comes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

from broker.connection import KafkaSettings, client_options
from broker.ending import in_time
from broker.reach import reaching

CALL_MS: Final = 10_000


@asynccontextmanager
async def asking(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Yield a client that asks Kafka. What goes wrong inside is raised as `Failure`."""
    async with reaching(settings):
        admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=CALL_MS)
        try:
            async with asyncio.timeout(CALL_MS / 1000):
                await admin.start()
            yield admin
        finally:
            await in_time(admin.close())


def raise_first(results: Iterable[Any], *tolerated: type[Exception]) -> None:
    """Raise the first error among answers (name, code, message…) that is none of the tolerated ones."""
    for name, code, *message in results:
        if code and for_code(code) not in tolerated:
            raise for_code(code)(f"{name}: {(message or [''])[0] or for_code(code).description}")
