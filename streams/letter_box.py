"""Dead letters as people see them: read from the topic, with what became of each, and settled by records on `task-changes`."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Final, Literal

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord
from msgspec import Struct

from broker.connection import KafkaSettings, client_options
from broker.ending import producing
from broker.reach import reaching
from broker.reading import plain_headers, reading
from schemas.events import Event, encode_event
from schemas.failure import UsageFailure
from schemas.topics import DLQ, DLQ_ACTION, DLQ_OFFSET, TASK_CHANGES, TASK_STATE, split_key
from streams.dlq import FIRST_SEEN, first_seen_ms
from streams.domain.decode import Poison, decode
from streams.domain.records import Record

State = Literal["open", "closed", "uncounted"]
_POLL_MS: Final = 200


class Letter(Struct):
    """One dead letter. id: partition/offset of the record in `task-changes`. project: the record's key, as text.

    state: open (its project counts it as degraded), closed, or uncounted (there was no live project to count it in).
    """

    id: str
    project: str
    reason: str
    detail: str
    first_seen_ms: int
    state: State
    key: bytes | None = None
    value: bytes | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Return (partition, offset)."""
        partition, _, offset = self.id.partition("/")
        return int(partition), int(offset)


class _Head(Struct):
    stamp: int = -1
    deleted: bool = False


_head = msgspec.json.Decoder(_Head).decode


async def read_letters(settings: KafkaSettings) -> list[Letter]:
    """Return all dead letters that the topic still holds, oldest first, each once. Raises `Failure`."""
    rows: dict[tuple[str, str], _Head] = {}
    async for record in _records(settings, TASK_STATE):
        if record.key is not None and record.key.startswith(b"letter/") and record.value is not None:
            _, project_id, offset = split_key(record.key)
            head = _head(record.value)
            if head.stamp >= rows.get((project_id, offset), _Head()).stamp:
                rows[project_id, offset] = head
    found: dict[str, Letter] = {}
    async for record in _records(settings, DLQ):
        letter = letter_of(record.key, record.value, dict(plain_headers(record.headers)), rows)
        found.setdefault(letter.id, letter)
    return sorted(found.values(), key=lambda letter: (letter.first_seen_ms, letter.place))


def letter_of(key: bytes | None, value: bytes | None, headers: Mapping[str, bytes], rows: Mapping[tuple[str, str], "_Head"]) -> Letter:
    """Return the letter of a record of the topic. rows: the newest letter rows by (project, offset)."""
    text = {name: content.decode(errors="replace") for name, content in headers.items()}
    project = (key or b"").decode(errors="replace")
    row = rows.get((project, text.get("source-offset", "")))
    state: State = "uncounted" if row is None else "closed" if row.deleted else "open"
    return Letter(
        id=f"{text.get('source-partition', '0')}/{text.get('source-offset', '0')}",
        project=project,
        reason=text.get("reason", ""),
        detail=text.get("detail", ""),
        first_seen_ms=first_seen_ms(headers.get(FIRST_SEEN, b"")) or 0,
        state=state,
        key=key,
        value=value,
    )


def mended(letter: Letter, value: bytes | None) -> bytes:
    """Return the event to send again: the given one, else the letter's own. Raises `UsageFailure` while it is poison."""
    event = letter.value if value is None else value
    found = decode(Record(letter.place[1], 0, letter.key, event))
    if isinstance(found, Poison):
        raise UsageFailure(
            f"{letter.id} cannot be applied as it is ({found.reason}: {found.detail}): give the mended event with --value FILE, or drop it."
        )
    return event or b""


def notice(letter: Letter) -> bytes:
    """Return what a dropping record carries for readers that know nothing of dead letters: a patch of the project without fields."""
    project_id = letter.project or "-"
    moment = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}.000Z"
    return encode_event(
        Event(
            id=f"drop-{letter.id}",
            entity="project",
            action="patch",
            project_id=project_id,
            entity_id=project_id,
            occurred_at=moment,
            source="system",
        )
    )


async def settle(settings: KafkaSettings, letters: Mapping[str, bytes], all_letters: Mapping[str, Letter], action: str) -> dict[str, int]:
    """Append a record per letter, to its partition and under its key; returns their offsets by letter. letters: values by id."""
    offsets: dict[str, int] = {}
    options = {**client_options(settings), "enable_idempotence": True, "acks": "all"}
    async with reaching(settings), producing(AIOKafkaProducer(**options)) as producer:
        for name, value in letters.items():
            letter = all_letters[name]
            partition, offset = letter.place
            headers = [(DLQ_ACTION, action.encode()), (DLQ_OFFSET, b"%d" % offset), (FIRST_SEEN, b"%d" % letter.first_seen_ms)]
            sent = await producer.send_and_wait(settings.topic(TASK_CHANGES), value, key=letter.key, partition=partition, headers=headers)
            offsets[name] = sent.offset
    return offsets


async def _records(settings: KafkaSettings, topic: str) -> AsyncIterator["ConsumerRecord[bytes, bytes]"]:
    """Yield every record that a topic holds now."""
    async with reading(settings, settings.topic(topic)) as (consumer, partitions):
        ends = await consumer.end_offsets(partitions)
        while [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
            for batch in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in batch:
                    yield record
