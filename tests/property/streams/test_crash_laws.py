"""A worker that dies at any moment, and the one that goes on from what was acknowledged."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.records import Record
from streams.domain.rules import Rules
from tests.property.streams.strategies import cuts, logs
from tests.property.streams.world import Client, Store, Worker, live_rows


@st.composite
def crashes(draw: st.DrawFn) -> tuple[list[Record], list[int], list[int], int]:
    """Draw a log, its batches before and after a crash, and how far the first worker came."""
    log = draw(logs())
    return log, draw(cuts(len(log))), draw(cuts(len(log))), draw(st.integers(1, len(log)))


def die(worker: Worker, durable: int, published: int) -> tuple[Store, int]:
    """Return the store that a restore finds and the committed offset.

    durable: sendings whose state is acknowledged (a prefix); published: messages that are (a prefix). Both topics are apart.
    """
    store = Store()
    told = 0
    watermark = worker.watermark
    assert watermark is not None
    for number, sending in enumerate(worker.sendings):
        told += len(sending.cascades)
        if number < durable:
            for out in sending.state or ():
                assert out.value is not None
                store.write(out.key, out.value)
        if told <= published and (number < durable or sending.state is None):
            watermark.acked(sending.ticket)
    return store, watermark.committable(worker.windows.oldest_offset())


@given(crashes(), st.sampled_from([1, 100, 700]), st.sampled_from([Rules(), Rules(max_message_bytes=3000)]), st.data())
def test_nothing_is_lost_with_a_worker(
    crash: tuple[list[Record], list[int], list[int], int], later_ms: int, rules: Rules, data: st.DataObject
) -> None:
    """Whatever had been acknowledged, the next worker ends with the same rows, and a reader of both workers' messages holds them."""
    log, before, after, came = crash
    first = Worker(rules=rules).run(log[:came], [cut for cut in before if cut < came], later_ms)
    durable = data.draw(st.integers(0, len(first.sendings)), "durable")
    published = data.draw(st.integers(0, len(first.sent)), "published")
    client = Client(may_go_back=True).apply(first.sent[:published])
    store, committed = die(first, durable, published)

    second = Worker(store, rules, first.now_ms)
    rest = [record for record in log if record.offset >= committed]
    second.run(rest, [cut for cut in after if cut < len(rest)], later_ms)
    second.settle()

    assert second.store.values == Worker().run(log).store.values
    assert client.apply(second.sent).live() == live_rows(second.store)


@given(crashes(), st.data())
def test_the_watermark_stays_below_what_is_not_told(crash: tuple[list[Record], list[int], list[int], int], data: st.DataObject) -> None:
    """Acknowledgements in any order only move the watermark up, never past an event that waits or is on its way, and to the end."""
    log, batches, _, _ = crash
    worker = Worker().run(log, batches)
    watermark = worker.watermark
    assert watermark is not None
    covers = {sending.ticket: sending.covers for sending in worker.sendings}
    last = watermark.committable(worker.windows.oldest_offset())
    for ticket in data.draw(st.permutations(sorted(covers))):
        watermark.acked(ticket)
        del covers[ticket]
        here = watermark.committable(worker.windows.oldest_offset())
        assert here >= last
        assert here <= min(covers.values(), default=here)
        assert here <= (here if (oldest := worker.windows.oldest_offset()) is None else oldest)
        last = here
    assert watermark.committable(None) == log[-1].offset + 1
