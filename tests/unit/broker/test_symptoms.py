"""Laws of reading a broker's log."""

import pytest

from broker.symptoms import why_ended


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("java.io.IOException: No space left on device", "the disk is full: free some space in /d"),
        ("java.net.BindException: Address already in use", "port is in use"),
        ("Terminating due to java.lang.OutOfMemoryError: Java heap space", "more memory"),
        ("Error: Too small maximum heap", "more memory"),
        ("Failed to acquire lock on file .lock in /d/data", "another broker uses /d"),
        ("java.nio.file.AccessDeniedException: data/x", "may not be written"),
        ("Unknown metadata.version 31", "newer Kafka"),
        ("No `meta.properties` found in /d/data", "damaged"),
    ],
)
def test_cause_is_said_with_the_way_out(line: str, words: str) -> None:
    """Each known cause becomes words that say what to do."""
    assert words in (why_ended(f"WARN before\n{line}\n\tat kafka.Kafka", "/d") or "")


def test_disk_full_wins_over_what_follows_from_it() -> None:
    """The first cause is named, not the storage error that it led to."""
    assert "disk is full" in (why_ended("KafkaStorageException: x\nCaused by: IOException: No space left on device", "/d") or "")


def test_unknown_cause_is_not_guessed() -> None:
    """A log without a known cause gives none."""
    assert why_ended("INFO all is well", "/d") is None
