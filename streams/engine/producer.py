"""Faust's producer, made idempotent, patient and prompt.

Faust sets `enable_idempotence` only for transactions; without it aiokafka gives up on a batch after a while, and Faust then
only logs the loss (research notes F2, F4). Here a batch is retried until the broker takes it or refuses it for good.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Any, Final

import aiokafka
from aiokafka.producer.sender import Sender
from faust.transport.drivers import aiokafka as driver

from streams.eager import eager_task

_REQUEST_TIMEOUT_MS: Final = 30_000


class PromptSender(Sender):
    """Sends in the turn of the loop in which it is told to; aiokafka's own routine takes four turns to notice what was queued."""

    _begun: set[asyncio.Task[None]]

    def send_now(self) -> None:
        """Begin a request to each broker that has something queued. While one is under way the routine goes on after it, as ever."""
        if self._in_flight or not self._txn_manager.has_pid():
            return
        found, _ = self._message_accumulator.drain_by_nodes(ignore_nodes=(), muted_partitions=self._muted_partitions)
        for node, batches in found.items():
            self._in_flight.add(node)
            self._muted_partitions.update(batches)
            task = eager_task(self._send_produce_req(node, batches))  # type: ignore[no-untyped-call]  # aiokafka's
            self._begun.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Do for a request of ours what the routine does for its own: tell a failure, and look for what was queued meanwhile."""
        self._begun.discard(task)
        self._fail_all(task)  # type: ignore[no-untyped-call]  # aiokafka's
        queue = self._message_accumulator
        queue._wakeup(queue._waiter_future)  # noqa: SLF001  no public way to wake the routine


class PromptProducer(aiokafka.AIOKafkaProducer):
    """A producer that can be told that what it has queued is all for now."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  aiokafka's options
        super().__init__(**options)  # type: ignore[no-untyped-call]  # aiokafka's
        sender: Any = self._sender
        sender.__class__ = PromptSender
        sender._begun = set()  # noqa: SLF001  ours
        self.send_now: Callable[[], None] = sender.send_now


def patient_producer(options: dict[str, Any], batch_bytes: int) -> PromptProducer:
    """Return an idempotent producer whose batches never expire. options: keyword arguments of every client."""
    producer = PromptProducer(
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
