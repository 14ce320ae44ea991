"""A real Kafka broker as a child process: for development, tests and benchmarks, and for a first look without docker.

Everything it keeps is in the data directory: `kafka/data` (Kafka's own files), `kafka/ports.json` (so that a next start has the
same address), `logs/kafka.log`. A lock on `kafka/lock` is held by this process and by the broker itself: it falls when both ended.
"""

import asyncio
import fcntl
import json
import os
import signal
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from broker.cache import Progress, no_progress
from broker.connection import KafkaSettings
from broker.ending import in_time
from broker.files import write_whole
from broker.launch import Jvm
from broker.ports import free_port
from broker.prepare import PROPERTIES, copy_template, free_bytes, prepare_archive, prepare_jvm, prepare_template, write_properties
from broker.ready import port_opens, round_trip
from broker.spawn import spawn
from broker.symptoms import why_ended
from broker.threads import in_thread
from schemas.failure import Failure

HEAP_MB: Final = 256
PRODUCTION_HEAP_MB: Final = 1024
START_TIMEOUT_S: Final = 90.0
STOP_TIMEOUT_S: Final = 5.0
_MIN_FREE_BYTES: Final = 64 * 1024 * 1024
_MAX_LOG_BYTES: Final = 8 * 1024 * 1024
_HOST: Final = "127.0.0.1"


class EmbeddedKafka:
    """One broker on one data directory; `async with`, or `start` and `stop`, as often as wanted.

    port: 0 takes the port of the last start when it is free, else a free one; any other must be free.
    production: heap and compilers for measurements instead of a quick start. All failures are a `Failure` of one sentence.
    Start it from the main thread: the kernel ends the broker when the thread that started it ends.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        heap_mb: int | None = None,
        progress: Progress = no_progress,
        production: bool = False,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.log_path = self.data_dir / "logs" / "kafka.log"
        self._folder = self.data_dir / "kafka"
        self._port = port
        self._heap_mb = heap_mb or (PRODUCTION_HEAP_MB if production else HEAP_MB)
        self._progress = progress
        self._production = production
        self._process: asyncio.subprocess.Process | None = None
        self._lock: IO[str] | None = None
        self._log_start = 0
        self._stopping = False

    @property
    def bootstrap(self) -> str:
        """HOST:PORT for clients; known from the start on, and kept over `stop`."""
        return f"{_HOST}:{self._port}"

    @property
    def settings(self) -> KafkaSettings:
        """How to reach this broker."""
        return KafkaSettings(bootstrap=self.bootstrap)

    @property
    def pid(self) -> int | None:
        """The broker's process, None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Start the broker and return when a record went through it. Raises `Failure`."""
        self._stopping = False
        try:
            self._take_lock()
            jvm = await in_thread(partial(prepare_jvm, self._progress, production=self._production))
            command = await in_thread(partial(self._set_up, jvm))
            self._progress("Starting Kafka …")
            await self._spawn(command)
            await self._until_ready(timeout_s)
        except OSError as error:
            await self.kill()
            raise Failure(f"Kafka cannot start in {self.data_dir}: {error.strerror or error} ({error.filename}).") from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """End the broker: SIGTERM, and SIGKILL when it still runs after 5 s. The data stays."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            await in_time(self._process.wait(), STOP_TIMEOUT_S)
        await self.kill()

    async def kill(self) -> None:
        """End the broker at once, as a crash would."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def watch(self) -> None:
        """Return after `stop` or `kill`. Raises `Failure` when the broker ended by itself."""
        if self._process is not None:
            code = await self._process.wait()
            if not self._stopping:
                raise self._ended(code)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    def _take_lock(self) -> None:
        if self._lock is not None:
            raise Failure(f"Kafka runs already on {self.data_dir}.")
        path = self._folder / "lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            who = f" ({holder})" if holder else ""
            raise Failure(f"Another Kafka runs on {self.data_dir}{who}: stop it, use it with --kafka, or name another --data.") from None
        lock.truncate(0)
        self._lock = lock

    def _set_up(self, jvm: Jvm) -> list[str]:
        """Make the broker's files and return its command line."""
        if free_bytes(self.data_dir) < _MIN_FREE_BYTES:
            raise Failure(f"The disk of {self.data_dir} is full: Kafka needs {_MIN_FREE_BYTES // 2**20} MiB to start, free some space.")
        template = prepare_template(jvm)
        archive = prepare_archive(jvm, template, self._progress)
        if not (self._folder / "data" / "meta.properties").is_file():
            copy_template(template, self._folder / "data")
        self._port, controller_port = self._choose_ports()
        write_properties(self._folder, (self._port, controller_port), production=self._production)
        return jvm.broker(self._heap_mb, jvm.use(archive), PROPERTIES)

    def _choose_ports(self) -> tuple[int, int]:
        path = self._folder / "ports.json"
        remembered = _read_ports(path)
        port = free_port(self._port, strict=True) if self._port else free_port(remembered.get("port"))
        controller_port = free_port(remembered.get("controller_port"))
        while controller_port == port:
            controller_port = free_port()
        write_whole(path, json.dumps({"port": port, "controller_port": controller_port}) + "\n")
        return port, controller_port

    async def _spawn(self, command: list[str]) -> None:
        assert self._lock is not None  # noqa: S101  because `start` took it
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.exists() and self.log_path.stat().st_size > _MAX_LOG_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            keep = (self._lock.fileno(),)  # the broker holds the lock too, should it ever live longer than we do
            self._process = await spawn(command, self._folder, log, keep)
        self._stopping = False
        self._lock.write(f"process {self._process.pid}, {self.bootstrap}")
        self._lock.flush()

    async def _until_ready(self, timeout_s: float) -> None:
        assert self._process is not None  # noqa: S101  because `start` spawned it
        ended = asyncio.ensure_future(self._process.wait())
        ready = asyncio.ensure_future(self._ready())
        try:
            await asyncio.wait({ended, ready}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise self._ended(ended.result())
            if not ready.done():
                raise Failure(f"Kafka was not ready within {timeout_s:g} s: the machine may be too busy; its log: {self.log_path}.")
            ready.result()
        finally:
            await _cancel(ended, ready)

    async def _ready(self) -> None:
        await port_opens(_HOST, self._port)
        await round_trip(self.settings)

    def _ended(self, code: int) -> Failure:
        cause = why_ended(self._log_text(), str(self._folder))
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return Failure(f"Kafka ended: {cause}." if cause else f"Kafka ended ({how}): see its log {self.log_path}, then start again.")

    def _log_text(self) -> str:
        with suppress(OSError), self.log_path.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - 256 * 1024))
            return log.read().decode(errors="replace")
        return ""


def _read_ports(path: Path) -> dict[str, int]:
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: int(found[name]) for name in ("port", "controller_port") if name in found}
    return {}


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
