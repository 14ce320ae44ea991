"""What a client's text means; wrong text is a value, never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.protocol.inputs import Change, Invalid, Ping, Pong, Resume, Subscribe, Token, Unknown, Unsubscribe, parse
from schemas.frames import Since, Want

STREAMS = '{"streams":[{"stream":"project:p","since":{"epoch":"e","sequence":3}}]}'
WANTS = [Want("project:p", Since("e", 3))]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('{"type":"sync","payload":{"action":"subscribe","data":' + STREAMS + "}}", Subscribe(WANTS)),
        ('{"type":"sync","payload":{"action":"resume","data":' + STREAMS + "}}", Resume(WANTS)),
        ('{"type":"sync","payload":{"action":"unsubscribe","data":{"streams":[{"stream":"x"}]}}}', Unsubscribe([Want("x")])),
        ('{"type":"sync","payload":{"action":"token","data":{"token":"t"}}}', Token("t")),
        ('{"type":"heartbeat","payload":{"action":"ping"}}', Ping()),
        ('{"type":"heartbeat","payload":{"action":"pong","data":{"more":1}},"extra":[]}', Pong()),
        ('{"type":"sync","payload":{"action":"of the future"}}', Unknown()),
        ('{"type":"future","payload":{"action":"subscribe"}}', Unknown()),
    ],
)
def test_each_frame_has_its_meaning(text: str, meaning: object) -> None:
    """Type and action decide; unknown fields are ignored, unknown kinds are no error."""
    assert parse(text) == meaning


def test_an_update_is_a_change() -> None:
    """Whatever it changes is judged later, by the rules of writes."""
    meaning = parse('{"type":"update","id":"m","payload":{"entity":"task","action":"patch","data":{"primary":{}}}}')
    assert isinstance(meaning, Change)
    assert meaning.frame.id == "m"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"type":1}',
        '{"type":"sync","payload":{}}',
        '{"type":"sync","payload":{"action":"subscribe"}}',
        b"\xff",
        "[" * 50_000,
    ],
)
def test_what_is_no_frame_is_invalid(text: str | bytes) -> None:
    """With a reason that fits into a frame."""
    meaning = parse(text)
    assert isinstance(meaning, Invalid)
    assert len(meaning.problem.detail) <= 200


@given(st.text() | st.binary())
def test_nothing_raises(text: str | bytes) -> None:
    """Any text is some input."""
    assert parse(text) is not None
