"""How far the input may be committed."""

from streams.domain.watermark import Watermark


def test_nothing_was_sent() -> None:
    """Before anything was sent, the beginning is committed, or less while an event waits."""
    assert Watermark(7).committable(None) == 7
    assert Watermark(7).committable(5) == 5


def test_acknowledgements_out_of_order() -> None:
    """A later sending's acknowledgement moves nothing while an earlier one is missing."""
    watermark = Watermark(0)
    first = watermark.sent(0, 10)
    second = watermark.sent(10, 20)

    watermark.acked(second)
    assert watermark.committable(None) == 0
    watermark.acked(first)
    assert watermark.committable(None) == 20


def test_a_flush_covers_older_events() -> None:
    """Events whose bulk is on its way are not committed though their own step is durable."""
    watermark = Watermark(0)
    step = watermark.sent(0, 10)
    watermark.acked(step)
    assert watermark.committable(3) == 3

    flush = watermark.sent(3)
    assert watermark.committable(None) == 3
    watermark.acked(flush)
    assert watermark.committable(None) == 10
