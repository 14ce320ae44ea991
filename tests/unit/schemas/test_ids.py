"""UUIDs of version 7."""

from uuid import UUID

from schemas.ids import uuid7


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    """RFC 9562: version and variant are right, the time leads."""
    first, second = uuid7(1_000, (1 << 74) - 1), uuid7(1_001, 0)
    assert first < second
    assert (UUID(first).version, UUID(second).variant) == (7, UUID(second).variant)
    assert UUID(second).int >> 80 == 1_001
