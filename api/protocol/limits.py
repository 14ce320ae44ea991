"""The bounds of one connection and of what is kept for all; `api.settings` may change them and `welcome` shows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, milliseconds and counts."""

    frame_bytes: int = 65_536
    outbound_bytes: int = 262_144
    subscriptions: int = 64
    messages_per_second: int = 20
    burst: int = 40
    connections_per_user: int = 10
    ring_frames: int = 512
    ring_ms: int = 300_000
    ring_total_bytes: int = 64 * 1024 * 1024
    heartbeat_ms: int = 25_000
    subscribe_ms: int = 5_000
    behind_ms: int = 5_000
    waiting_ms: int = 60_000
    stall_ms: int = 10_000
    flush_ms: int = 10
