"""Laws of the partitioner."""

import pytest

from broker.partitioner import partition_for


@pytest.mark.parametrize(
    ("key", "murmur2"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("abc", 479470107),
    ],
)
def test_agrees_with_kafkas_own_vectors(key: str, murmur2: int) -> None:
    """The hash is Kafka's (values of its UtilsTest.testMurmur2), with the sign bit cut off."""
    assert partition_for(key, 12) == (murmur2 & 0x7FFFFFFF) % 12
