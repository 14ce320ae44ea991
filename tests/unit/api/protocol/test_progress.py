"""When a connection is stalled."""

from api.protocol.progress import Progress


def test_a_connection_is_stalled_since_the_last_byte_that_left() -> None:
    """However little leaves, it is progress; what is only added is none; with nothing held back there is nothing to judge."""
    progress = Progress(0)
    assert progress.stalled_ms(1000, 600, 1_000) == 0
    assert progress.stalled_ms(1000, 600, 3_000) == 2_000
    assert progress.stalled_ms(5000, 4600, 4_000) == 3_000
    assert progress.stalled_ms(5000, 4650, 5_000) == 4_000
    assert progress.stalled_ms(5000, 4599, 6_000) == 0
    assert progress.stalled_ms(5000, 4599, 7_000) == 1_000
    assert progress.stalled_ms(5000, 0, 8_000) == 0
    assert progress.stalled_ms(5000, 0, 60_000) == 0
    assert progress.stalled_ms(5100, 100, 61_000) == 1_000
    assert progress.stalled_ms(5100, 100, 60_000) == 0
