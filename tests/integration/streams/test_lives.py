"""Where rows are whole, asked of a real broker."""

from aiokafka import AIOKafkaProducer

from broker.connection import KafkaSettings, client_options
from schemas.rows import EpochRow, encode_row
from schemas.topics import TASK_STATE, epoch_key
from streams.engine.lives import Life, read_lives
from tests.integration.streams.topic_log import cut_off


async def _write(kafka: KafkaSettings, *records: tuple[bytes, bytes]) -> None:
    async with AIOKafkaProducer(**client_options(kafka)) as producer:
        for key, value in records:
            await producer.send_and_wait(kafka.topic(TASK_STATE), value, key=key, partition=0)


async def test_a_life_begins_at_the_first_row_that_says_so(topics: KafkaSettings) -> None:
    """The topic's own first row; after a cut a new one behind which all comes again; a row of another topic's life changes nothing."""
    first = await read_lives(topics, mend=True)
    assert {life.begin for life in first.values()} == {0}
    assert "" not in {life.epoch for life in first.values()}
    await _write(topics, *[(b"task/p/%d" % number, b"{}") for number in range(9)])
    await _write(topics, (epoch_key(0), encode_row(EpochRow(partition=0, epoch="of another topic"))))
    assert await read_lives(topics, mend=True) == first
    await cut_off(topics, TASK_STATE)
    assert 0 not in await read_lives(topics, mend=False)
    second = await read_lives(topics, mend=True)
    assert second[0].anew
    assert second[0] == Life(second[0].epoch, 11, anew=True)
    assert second[0].epoch not in {"of another topic", first[0].epoch}
    assert await read_lives(topics, mend=True) == {number: life._replace(anew=False) for number, life in second.items()}
