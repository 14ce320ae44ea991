"""The load generator's end of HTTP: one kept connection, as little as possible, so that the server is what is measured."""

import socket
import time
from typing import Any, Final, NamedTuple, Self

_BUFFER: Final = 1 << 20
_END: Final = b"\r\n\r\n"


class Answer(NamedTuple):
    """One answer. wire: its bytes on the connection, head and body. ms: from the first byte sent to the last one read."""

    status: int
    head: bytes
    body: bytes
    wire: int
    ms: float


class Caller:
    """A connection to a server of this machine."""

    def __init__(self, port: int, token: str = "", *, encoding: str = "identity") -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = memoryview(bytearray(_BUFFER))
        self._headers = f"Host: 127.0.0.1:{port}\r\nAccept-Encoding: {encoding}\r\n" + (
            f"Authorization: Bearer {token}\r\n" if token else ""
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the bytes of a request."""
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        return f"{method} {path} HTTP/1.1\r\n{self._headers}{length}\r\n".encode() + (body or b"")

    def time(self, request: bytes) -> float:
        """Return how long an answer takes (ms), reading it into a buffer and keeping nothing. Raises if it is not 200."""
        started = time.perf_counter()
        self._sock.sendall(request)
        head, rest = _head(bytes(self._buffer[: self._read()]))
        left = _length(head) - len(rest)
        while left > 0:
            left -= self._read()
        took = (time.perf_counter() - started) * 1000
        if _status(head) != 200:  # noqa: PLR2004  because HTTP says so
            raise AssertionError(head)
        return took

    def call(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Return an answer with its body."""
        started = time.perf_counter()
        self.send(self.request(method, path, body))
        return self.receive(started)

    def send(self, request: bytes) -> None:
        """Send a request, and wait for nothing."""
        self._sock.sendall(request)

    def receive(self, started: float) -> Answer:
        """Return the answer to what was sent at this instant."""
        data = b""
        while _END not in data:
            data += self._more()
        head, rest = _head(data)
        parts, left = [rest], _length(head) - len(rest)
        while left > 0:
            parts.append(self._more())
            left -= len(parts[-1])
        took = (time.perf_counter() - started) * 1000
        content = b"".join(parts)
        return Answer(_status(head), head, content, len(head) + len(_END) + len(content), took)

    def _more(self) -> bytes:
        return bytes(self._buffer[: self._read()])

    def _read(self) -> int:
        got = self._sock.recv_into(self._buffer)
        if not got:
            raise ConnectionError("the server ended the connection in the middle of an answer")
        return got


def _head(data: bytes) -> tuple[bytes, bytes]:
    head, _, rest = data.partition(_END)
    return head, rest


def _status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])


def quantiles(times: list[float]) -> dict[str, Any]:
    """Return p50 and p99 of all samples."""
    ordered = sorted(times)
    return {"p50": ordered[len(ordered) // 2], "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]}
