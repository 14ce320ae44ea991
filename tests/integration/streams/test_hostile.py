"""Records that no producer of ours writes, but that Kafka takes: none of them may stand in the way of those behind it."""

from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from audit.app import run
from broker.connection import KafkaSettings, client_options
from schemas.events import Event, Fields, encode_event
from schemas.topics import TASK_CHANGES
from schemas.words import Source
from streams.letter_box import read_letters
from tests.integration.streams.worker_process import WorkerProcess

_SUBTASKS = 4_000
_Headers = list[tuple[str, bytes | None]]
_Records = list[tuple[bytes, _Headers]]


def _event(entity: str, name: str, action: str = "update", source: Source = "mcp-ai", **more: Any) -> bytes:  # noqa: ANN401  any field
    """Return the value of an event."""
    at = "2026-02-28T03:55:36.000Z"
    return encode_event(Event(f"{action} {name}", entity, action, "p", name, at, source, data=Fields(title="x" * 40), **more))


async def test_what_kafka_takes_stops_no_partition(topics: KafkaSettings, tmp_path: Path) -> None:
    """Headers without a value and with absurd ones, poison that is longer than any topic takes, a move that is: the recount agrees."""
    worker = WorkerProcess(topics, tmp_path / "worker")
    await worker.start()
    odd: list[_Headers] = [
        [("dlq-action", b"replay"), ("dlq-offset", None)],
        [("dlq-action", b"drop"), ("dlq-offset", b"9" * 5_000)],
        [("first-seen", None), ("traceparent", None)],
        [("traceparent", b"x" * 900_000)],
    ]
    records: _Records = [(_event("task", f"t{number}", source="user"), headers) for number, headers in enumerate(odd)]
    poison: _Records = [(b"{" * 3_000_000, [("first-seen", b"long ago")])]
    below: _Records = [(_event("subtask", f"s{number}", task_id="t0"), []) for number in range(_SUBTASKS)]
    moves: _Records = [(_event("task", "t0", "patch", source="user", branch_id="elsewhere"), [])]
    options = {**client_options(topics), "max_request_size": 4_000_000, "compression_type": "gzip", "linger_ms": 2}
    async with AIOKafkaProducer(**options) as producer:
        for value, headers in [*records, *poison, *below, *moves]:
            await producer.send(topics.topic(TASK_CHANGES), value, b"p", partition=2, headers=headers)
        await producer.flush()
    result = await run(topics, None, 60.0, 20)
    assert (result.differences, result.outcomes) == ([], {"applied": len(odd) + _SUBTASKS + 1, "poison": 1})
    [letter] = await read_letters(topics)
    assert (letter.reason, len(letter.value or b""), letter.first_seen_ms > 1) == ("too-large", 262_144, True)
    assert await worker.stop() == 0
