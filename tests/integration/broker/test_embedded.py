"""The embedded broker, with its own process started, killed and looked at."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from broker.connection import KafkaSettings
from broker.embedded import EmbeddedKafka
from schemas.failure import Failure

ROOT = Path(__file__).parents[3]
GONE_TIMEOUT_S = 60.0


async def _produce(bootstrap: str, values: list[bytes]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    for value in values:
        await producer.send_and_wait("kept", value, partition=0)
    await producer.stop()


async def _consume(bootstrap: str, number: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition("kept", 0)])
    values = [(await asyncio.wait_for(consumer.getone(), GONE_TIMEOUT_S)).value for _ in range(number)]
    await consumer.stop()
    return values


def _wait_gone(pid: int) -> bool:
    """Return whether the process ends in time; a zombie has ended."""
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.usefixtures("kafka")
class TestLife:
    """From the first start to the last. The shared broker is asked for only because it skips where none can run."""

    async def test_killed_broker_keeps_data_and_address(self, tmp_path: Path) -> None:
        """What was acknowledged before kill -9 is there after the next start, at the same address."""
        values = [b"%d" % number for number in range(100)]
        broker = EmbeddedKafka(tmp_path)
        await broker.start()
        first = broker.bootstrap
        await _produce(first, values)
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        with pytest.raises(Failure, match="killed by SIGKILL"):
            await broker.watch()
        await broker.kill()
        async with EmbeddedKafka(tmp_path) as again:
            assert again.bootstrap == first
            assert await _consume(first, len(values)) == values

    async def test_stopped_broker_can_start_again(self, tmp_path: Path) -> None:
        """Stop ends the process without fuss, and the same object starts again with its data."""
        broker = EmbeddedKafka(tmp_path)
        await broker.start()
        await _produce(broker.bootstrap, [b"1"])
        watching = asyncio.ensure_future(broker.watch())
        await broker.stop()
        await watching
        assert broker.pid is None
        await broker.start()
        assert await _consume(broker.bootstrap, 1) == [b"1"]
        await broker.stop()
        assert broker.log_path.is_file()

    async def test_second_broker_on_the_same_data_is_refused(self, tmp_path: Path) -> None:
        """A directory has one broker; the sentence says which process it is and how to reach it."""
        async with EmbeddedKafka(tmp_path) as broker:
            with pytest.raises(Failure, match=f"Another Kafka runs on .*process {broker.pid}, {broker.bootstrap}"):
                await EmbeddedKafka(tmp_path).start()
            await _produce(broker.bootstrap, [b"still alive"])

    async def test_broker_is_out_of_reach_of_ctrl_c(self, tmp_path: Path) -> None:
        """A terminal's Ctrl-C reaches its own process group; the broker is in another session."""
        async with EmbeddedKafka(tmp_path) as broker:
            assert broker.pid is not None
            assert os.getsid(broker.pid) == broker.pid != os.getsid(0)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
    def test_killed_parent_leaves_no_orphan(self, tmp_path: Path) -> None:
        """When the process that started it is killed, the broker ends too, and its directory is free."""
        program = (
            "import asyncio, sys\nfrom pathlib import Path\nfrom broker.embedded import EmbeddedKafka\n"
            "async def main():\n    async with EmbeddedKafka(Path(sys.argv[1])) as kafka:\n"
            "        print(kafka.pid, flush=True)\n        await asyncio.sleep(600)\nasyncio.run(main())\n"
        )
        with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert psutil.pid_exists(pid)
            parent.kill()
        assert _wait_gone(pid)

    async def test_directory_may_have_any_name(self, tmp_path: Path) -> None:
        """Blanks, commas and letters beyond ASCII in a path do not keep Kafka from it."""
        async with EmbeddedKafka(tmp_path / "Über, uns ✓=1") as broker:
            await _produce(broker.bootstrap, [b"1"])


@pytest.mark.usefixtures("kafka")
class TestTrouble:
    """What goes wrong is one sentence."""

    async def test_port_in_use_is_refused(self, tmp_path: Path) -> None:
        """A port that was asked for and is taken is named."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(Failure, match=f"Port {port} is in use"):
                await EmbeddedKafka(tmp_path, port).start()

    async def test_remembered_port_in_use_is_replaced(self, tmp_path: Path) -> None:
        """A port that was only remembered gives way to whoever has it now."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            (tmp_path / "kafka").mkdir()
            (tmp_path / "kafka" / "ports.json").write_text(json.dumps({"port": port}), encoding="utf-8")
            async with EmbeddedKafka(tmp_path) as broker:
                assert broker.bootstrap != f"127.0.0.1:{port}"

    async def test_file_instead_of_directory_is_refused(self, tmp_path: Path) -> None:
        """A data directory that is a file is named."""
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(Failure, match=r"Kafka cannot start in .*file"):
            await EmbeddedKafka(tmp_path / "file").start()

    async def test_damaged_directory_is_one_sentence(self, tmp_path: Path) -> None:
        """Kafka's own complaint becomes a sentence, and the directory is free afterwards."""
        broker = EmbeddedKafka(tmp_path)
        await broker.start()
        await broker.stop()
        meta = tmp_path / "kafka" / "data" / "meta.properties"
        whole = meta.read_text(encoding="utf-8")
        meta.write_text("version=1\nnode.id=77\n", encoding="utf-8")
        with pytest.raises(Failure, match="damaged"):
            await broker.start()
        meta.write_text(whole, encoding="utf-8")
        await broker.start()
        await broker.stop()

    async def test_heap_that_is_too_small_is_one_sentence(self, tmp_path: Path) -> None:
        """A heap that Java or Kafka cannot live in is said to be so."""
        with pytest.raises(Failure, match="heap is too small"):
            await EmbeddedKafka(tmp_path, heap_mb=24).start()

    async def test_unready_broker_is_given_up(self, tmp_path: Path) -> None:
        """Who waits is told after the time that was given, and nothing is left running."""
        broker = EmbeddedKafka(tmp_path)
        with pytest.raises(Failure, match=r"not ready within 0\.01 s"):
            await broker.start(timeout_s=0.01)
        assert broker.pid is None


_FULL_DISK = """
import asyncio, sys
from pathlib import Path
from aiokafka import AIOKafkaProducer
from broker.admin import apply_topics
from broker.connection import KafkaSettings
from broker.embedded import EmbeddedKafka
from schemas.failure import Failure

async def fill(bootstrap):
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=1_000_000)
    await producer.start()
    while True:
        await producer.send("task-changes", bytes(900_000), partition=0)

async def main():
    broker = EmbeddedKafka(Path(sys.argv[1]))
    try:
        await broker.start()
        await apply_topics(KafkaSettings(bootstrap=broker.bootstrap))
        filling = asyncio.ensure_future(fill(broker.bootstrap))
        await asyncio.wait_for(broker.watch(), 60)
    except Failure as failure:
        print(failure, flush=True)
        import os; os._exit(0)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has private mounts")
@pytest.mark.parametrize(("size", "words"), [("200m", "Kafka ended: the disk is full"), ("32m", "is full: Kafka needs 64 MiB")])
def test_full_disk_is_one_sentence(kafka: EmbeddedKafka, tmp_path: Path, size: str, words: str) -> None:
    """A disk that fills up under Kafka, or has no room at the start, is named in one line."""
    assert kafka.pid is not None
    mount = f"mount -t tmpfs -o size={size} tmpfs '{tmp_path}'"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], check=False, capture_output=True).returncode != 0:
        pytest.skip("private mounts are not allowed here")
    command = ["unshare", "-rm", "sh", "-c", f'{mount} && exec "$0" -c "$1" "{tmp_path}"', sys.executable, _FULL_DISK]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=100)
    assert words in done.stdout, done.stderr
    assert len(done.stdout.splitlines()) == 1


async def test_shared_broker_is_ready(kafka: EmbeddedKafka) -> None:
    """Ready means that a record went through; the address is the one that clients use."""
    assert kafka.settings == KafkaSettings(bootstrap=kafka.bootstrap)
    await _produce(kafka.bootstrap, [b"x"])
    assert (await _consume(kafka.bootstrap, 1)) == [b"x"]
