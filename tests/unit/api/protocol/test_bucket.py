"""How fast one connection may send."""

from api.protocol.bucket import Bucket


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    """Never more than burst at once; the rate fills it again; a clock that goes back gives nothing."""
    bucket = Bucket(10, 3, 0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(-1_000)
    assert [bucket.take(100), bucket.take(100)] == [True, False]
    assert [bucket.take(60_000) for _ in range(4)] == [True, True, True, False]
