"""A real PostgreSQL in a folder of its own: Debian's programs, a port of its own, logical replication, a password."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psycopg2

from broker.ports import free_port

PASSWORD: Final = "s3cret-pässword"  # noqa: S105  because it must not come out anywhere, and the tests look for it
_START_S: Final = 60
MISSING: Final = "no PostgreSQL here: install the package postgresql"


def programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`, None without PostgreSQL."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class PostgresServer:
    """Starts, stops, and kills a server on one data directory. It never runs as root: as the user postgres then."""

    def __init__(self, bin_: Path) -> None:
        self._bin = bin_
        self._user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self._folder = Path(tempfile.mkdtemp(prefix="anabranch-pg-"))
        shutil.chown(self._folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.dsn = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        word = self._folder / "word"
        word.write_text(PASSWORD)
        shutil.chown(word, self._user)
        arguments = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", f"--pwfile={word}", "--no-sync"]
        self._run([str(bin_ / "initdb"), "-D", str(self._folder / "data"), *arguments]).check_returncode()

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(command, check=False, capture_output=True, cwd=self._folder, **self._as_user())

    def _as_user(self) -> dict[str, Any]:
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []} if os.getuid() == 0 else {}

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "wal_level": "logical",
            "fsync": "off",
            "max_slot_wal_keep_size": "256MB",
            "wal_sender_timeout": "20s",
            "log_statement": "none",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            command = [str(self._bin / "postgres"), "-D", str(self._folder / "data"), *options]
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, **self._as_user())
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.connect().close()
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                time.sleep(0.1)
            else:
                return

    def connect(self, database: str = "postgres") -> Any:  # noqa: ANN401  because psycopg2's connections have several types
        """Return a connection with autocommit."""
        link = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", password=PASSWORD, dbname=database)
        link.autocommit = True
        return link

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its sessions, SIGQUIT is a crash of it."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_START_S)
            self._process = None

    def remove(self) -> None:
        """Stop the server and delete all it has."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)
