"""Laws of fetching Kafka."""

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.cache import Progress
from broker.jars import KAFKA_VERSION, kafka_home, kafka_jars, read_lock
from schemas.failure import Failure

FILES = {"kafka.jar": b"kafka", "scala.jar": b"scala"}
LOCK = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's cache out of these tests."""
    monkeypatch.setenv("ANABRANCH_CACHE_DIR", str(tmp_path))


class Registry:
    """A source that has some files, and remembers what it was asked for."""

    def __init__(self, files: dict[str, bytes], error: Exception | None = None) -> None:
        self.files, self.error, self.asked = files, error, list[str]()

    def __call__(self, missing: dict[str, str], scratch: Path, progress: Progress) -> Iterator[Path]:
        """Yield all files, then fail if told so."""
        self.asked += missing
        progress("Fetching …")
        (scratch / "deep").mkdir()
        for name, content in self.files.items():
            path = scratch / "deep" / name
            path.write_bytes(content)
            yield path
        if self.error is not None:
            raise self.error


def test_lock_pins_kafka_in_class_path_order() -> None:
    """The lock names Kafka of the version first, each file with a whole SHA-256, and no address."""
    lock = read_lock()
    assert next(iter(lock)) == f"kafka_2.13-{KAFKA_VERSION}.jar"
    assert all(len(digest) == 64 and "/" not in name for name, digest in lock.items())


def test_second_use_asks_nobody() -> None:
    """What was fetched once is used from then on."""
    said: list[str] = []
    paths = kafka_jars(said.append, (Registry(FILES),), LOCK)
    assert [path.name for path in paths] == list(LOCK)
    assert said == ["Fetching …"]
    registry = Registry({})
    assert kafka_jars(sources=(registry,), lock=LOCK) == paths
    assert registry.asked == []


def test_next_source_fetches_what_is_missing() -> None:
    """A source that breaks off keeps what it brought; the next one is asked for the rest only."""
    second = Registry(FILES)
    kafka_jars(sources=(Registry({"kafka.jar": b"kafka"}, OSError("cut")), second), lock=LOCK)
    assert second.asked == ["scala.jar"]


def test_wrong_content_is_never_used() -> None:
    """A file with other content than the lock's is not taken, and a spoilt one in the cache is fetched again."""
    with pytest.raises(Failure, match="could not be fetched"):
        kafka_jars(sources=(Registry({"kafka.jar": b"forged", "scala.jar": b"scala"}),), lock=LOCK)
    assert not (kafka_home() / "jars" / "kafka.jar").exists()
    kafka_jars(sources=(Registry(FILES),), lock=LOCK)
    (kafka_home() / "jars" / "scala.jar").write_bytes(b"cut")
    again = Registry(FILES)
    kafka_jars(sources=(again,), lock=LOCK)
    assert again.asked == ["scala.jar"]


def test_no_registry_is_one_sentence() -> None:
    """Without network the sentence says how to go on; nothing half-fetched stays behind."""
    with pytest.raises(Failure, match=r"connect to the network.*--kafka HOST:PORT") as failure:
        kafka_jars(sources=(Registry({}, ConnectionError("no network")),), lock=LOCK)
    assert "\n" not in str(failure.value)
    assert sorted(path.name for path in kafka_home().iterdir()) == [".lock", "jars"]


def test_full_disk_is_said_to_be_full() -> None:
    """A full disk is not taken for a missing network."""
    with pytest.raises(Failure, match=r"disk .* is full"):
        kafka_jars(sources=(Registry({}, OSError(errno.ENOSPC, "No space left on device")),), lock=LOCK)
