"""Where a project lives: the partition of its key, as Kafka's own clients compute it."""

from functools import lru_cache

from aiokafka.partitioner import murmur2

_CACHED_PROJECTS = 65_536
_POSITIVE = 0x7FFFFFFF


@lru_cache(maxsize=_CACHED_PROJECTS)
def partition_for(project_id: str, partitions: int) -> int:
    """Return the partition (0 ..< partitions) of a project: murmur2 of its id in UTF-8, like Java's and aiokafka's producers.

    librdkafka's default (CRC32) disagrees on most keys: a producer built on it must set `partitioner=murmur2_random`.
    """
    return partition_of(project_id.encode(), partitions)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a record's key, whatever its bytes are."""
    hashed: int = murmur2(key)
    return (hashed & _POSITIVE) % partitions
