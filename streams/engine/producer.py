"""Faust's producer, made idempotent and patient.

Faust sets `enable_idempotence` only for transactions; without it aiokafka gives up on a batch after a while, and Faust then
only logs the loss (research notes F2, F4). Here a batch is retried until the broker takes it or refuses it for good.
"""

import math
from typing import Any, Final

import aiokafka
from faust.transport.drivers import aiokafka as driver

_REQUEST_TIMEOUT_MS: Final = 30_000


def patient_producer(options: dict[str, Any], batch_bytes: int) -> aiokafka.AIOKafkaProducer:
    """Return an idempotent producer whose batches never expire. options: keyword arguments of every client."""
    producer = aiokafka.AIOKafkaProducer(
        **options,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=batch_bytes,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
    )
    producer._message_accumulator._batch_ttl = math.inf  # noqa: SLF001  a batch that expires would leave a hole in the sequence
    return producer


class PatientProducer(driver.Producer):
    """What Faust starts and stops; the writers use its aiokafka producer."""

    def _new_producer(self, transactional_id: str | None = None) -> aiokafka.AIOKafkaProducer:  # noqa: ARG002  Faust's signature
        return patient_producer(self.transport.client_options, self.transport.batch_bytes)

    async def flush(self) -> None:
        """Do nothing: the watermark says what is durable, and Faust's flush starves under load and gives up after 100 ms."""
