"""The place in front of a message."""

from api.protocol.splice import splice


def test_a_splice_puts_the_place_in_front_and_keeps_the_rest() -> None:
    """The message's own bytes follow unchanged."""
    frame = splice(b'{"type":"update","id":"x"}', 7, 5, b'"e"')
    assert frame == b'{"sequence":7,"prev":5,"epoch":"e","type":"update","id":"x"}'
