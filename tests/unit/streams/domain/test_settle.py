"""What headers say about a dead letter."""

import pytest

from streams.domain.settle import Settlement, settlement_of


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((), None),
        ((("trace", b"x"),), None),
        ((("dlq-action", b"drop"), ("dlq-offset", b"12")), Settlement(12, replays=False)),
        ((("dlq-offset", b"0"), ("dlq-action", b"replay")), Settlement(0, replays=True)),
        ((("dlq-action", b"drop"), ("dlq-offset", b"-1")), None),
        ((("dlq-action", b"drop"),), None),
        ((("dlq-action", b"drop"), ("dlq-offset", b"")), None),
        ((("dlq-action", b"drop"), ("dlq-offset", b"9" * 19)), Settlement(10**19 - 1, replays=False)),
        ((("dlq-action", b"drop"), ("dlq-offset", b"9" * 5000)), None),
        ((("dlq-action", b"burn"), ("dlq-offset", b"1")), None),
    ],
)
def test_only_whole_sentences_count(headers: tuple[tuple[str, bytes], ...], found: Settlement | None) -> None:
    """Anything else is an ordinary event."""
    assert settlement_of(headers) == found
