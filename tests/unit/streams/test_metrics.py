"""What a worker counts of merging."""

from streams.domain.windows import Merging
from streams.metrics import Meters


def test_merging_is_counted_from_the_start() -> None:
    """Events per message, bytes saved, and how late each window was; a window that saved nothing takes nothing away."""
    meters = Meters()
    meters.merged(None)
    meters.merged(Merging(late_ms=[3]))
    meters.merged(Merging(events=9, messages=1, bytes=1_000, alone_bytes=9_000, late_ms=[0, 40]))
    meters.merged(Merging(events=1, messages=1, bytes=1_000, alone_bytes=900))
    get = meters.registry.get_sample_value
    assert get("ai_batch_efficiency") == 5
    assert get("worker_ai_saved_bytes_total") == 8_000
    assert get("worker_window_lateness_seconds_count") == 3
    assert round(get("worker_window_lateness_seconds_sum") or 0, 6) == 0.043
