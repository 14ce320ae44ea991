"""A person's names are gone from a record, however they were written, and nobody else's are touched."""

import json

import pytest

from archive.erase import Eraser
from archive.record import Saved
from schemas.failure import Failure


def event(**fields: object) -> bytes:
    """Return an event."""
    fixed = {
        "id": "e",
        "entity": "task",
        "action": "update",
        "project_id": "p",
        "entity_id": "t",
        "occurred_at": "2026-01-01",
        "source": "user",
    }
    return json.dumps({**fixed, **fields}).encode()


def saved(value: bytes | None, key: bytes | None = b"p", headers: tuple[tuple[str, bytes], ...] = ()) -> Saved:
    """Return a record."""
    return Saved(7, 1, key, value, headers)


def eraser() -> Eraser:
    """Return one for two names."""
    return Eraser(["ann", "ann.lee@example.org"], "erased-1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (event(user_id="ann"), event(user_id="erased-1")),
        (event(data={"assignees": ["bob", "ann"]}), event(data={"assignees": ["bob", "erased-1"]})),
        (event(data={"title": "ask ann, or ann.lee@example.org!"}), event(data={"title": "ask erased-1, or erased-1!"})),
        (event(**{"of ann": {"ann": 1}}), event(**{"of erased-1": {"erased-1": 1}})),
        (event(user_id="X").replace(b"X", b"\\u0061nn"), event(user_id="erased-1")),
        (b'{"broken ann', b'{"broken erased-1'),
        (b"\xff ann \xfe", b"\xff erased-1 \xfe"),
    ],
)
def test_names_are_replaced(value: bytes, expected: bytes) -> None:
    """In every field, in names of fields, with escapes, and in what is no JSON; other bytes stay."""
    made = eraser().rewrite(saved(value)).value or b""
    assert (json.loads(made) == json.loads(expected)) if expected.startswith(b'{"id"') else made == expected


def test_other_words_stay() -> None:
    """A longer word is somebody else, and is counted, so that a person can look."""
    one = eraser()
    for value in (event(user_id="ann-2"), event(user_id="joann"), event(user_id="bob"), None):
        assert one.rewrite(saved(value)).value == value
    assert (one.seen, one.changed, one.left) == (4, 0, 2)


def test_keys_and_headers_are_rewritten() -> None:
    """A project that is named as the person moves."""
    one = eraser()
    made = one.rewrite(saved(event(project_id="ann"), b"ann", (("by", b"ann"),)))
    assert (made.key, made.headers, one.moved) == (b"erased-1", (("by", b"erased-1"),), True)
    assert eraser().rewrite(saved(None, None)).key is None


def test_an_event_stays_an_event() -> None:
    """An alias that makes a word too long is refused."""
    with pytest.raises(Failure, match="offset 7"):
        Eraser(["ann"], "x" * 129).rewrite(saved(event(user_id="ann")))
