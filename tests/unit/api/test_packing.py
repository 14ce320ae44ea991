"""Gzip from parts that were packed apart."""

import gzip

import pytest

from api.packing import Crc, Text, gzip_of, takes_gzip


def test_parts_packed_apart_are_one_gzip() -> None:
    """In any order and as often as wanted, empty ones too; each is packed once."""
    texts = [Text(part) for part in (b"a" * 1000, b"", b"b", bytes(range(256)) * 50)]
    assert [text.to_pack for text in texts] == [1000, 0, 1, 12_800]
    for chosen in (texts, texts[::-1], [texts[0], texts[0]], []):
        plain = b"".join(text.plain for text in chosen)
        assert gzip.decompress(b"".join(gzip_of(chosen, Crc(chosen)))) == plain
    assert texts[0].packed() is texts[0].packed()
    assert not any(text.to_pack for text in texts)


def test_the_check_value_goes_on_where_it_ended() -> None:
    """Over what stands before and what comes after, as over all at once."""
    texts = [Text(b"one"), Text(b"two"), Text(b"three")]
    begun = Crc(texts[:2])
    assert gzip.decompress(b"".join(gzip_of(texts, Crc(texts[2:], begun)))) == b"onetwothree"


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=0", False),
        ("gzip;q = 0.0, *", False),
        ("*", True),
        ("br, *;q=0", False),
        ("identity", False),
        ("deflate, gzip;q=0.001", True),
    ],
)
def test_gzip_is_for_those_who_take_it(header: str, *, taken: bool) -> None:
    """By name or by `*`, and never with a weight of nothing."""
    assert takes_gzip(header) is taken
