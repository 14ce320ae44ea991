"""Laws of the health check of containers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cli.alive import alive

ROOT = Path(__file__).parents[3]


class Part(BaseHTTPRequestHandler):
    """Lives on one path."""

    status = 200

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def part() -> Iterator[tuple[type[Part], int]]:
    """Give something that listens on a private port, and the port."""

    class Own(Part):
        pass

    with HTTPServer(("127.0.0.1", 0), Own) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Own, server.server_port
        server.shutdown()
        thread.join()


def test_only_who_says_so_lives(part: tuple[type[Part], int]) -> None:
    """200 is life; 503 and silence are not."""
    own, port = part
    assert alive(port)
    own.status = 503
    assert not alive(port)
    assert not alive(1)


def test_the_exit_code_says_it(part: tuple[type[Part], int]) -> None:
    """As a command, with the port as an argument or in the environment, whatever proxy is set."""
    _, port = part
    environment = {"PATH": "/usr/bin", "http_proxy": "http://127.0.0.1:1", "ANABRANCH_PRIVATE_PORT": "1"}
    command = [sys.executable, "-m", "cli.alive"]
    assert subprocess.run([*command, str(port)], cwd=ROOT, env=environment, check=False).returncode == 0
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 1
