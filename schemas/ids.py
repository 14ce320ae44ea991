"""UUIDv7 (RFC 9562 section 5.7) from a given time and given randomness."""

from uuid import UUID


def uuid7(time_ms: int, entropy: int) -> str:
    """Return the id of this millisecond; `entropy` gives its 74 random bits."""
    head = (time_ms & ((1 << 48) - 1)) << 80
    high = (entropy >> 62) & 0xFFF
    low = entropy & ((1 << 62) - 1)
    return str(UUID(int=head | 0x7 << 76 | high << 64 | 0b10 << 62 | low))
