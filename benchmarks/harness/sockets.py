"""The load generator's end of a WebSocket: as little as possible, so that the server is what is measured."""

import base64
import os
import select
import socket
from collections.abc import Callable, Iterator
from typing import Final

_BUFFER: Final = 1 << 20
_SHORT: Final = 126
_MEDIUM: Final = 127
_ROUND: Final = 50

OnFrame = Callable[["Client", bytes], None]


class Client:
    """One connection. number: which of the crowd. frames, size: how many came, and the bytes on the wire."""

    __slots__ = ("_rest", "frames", "number", "size", "sock")
    _buffer = memoryview(bytearray(_BUFFER))

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.frames = 0
        self.size = 0
        self._rest = b""

    def take(self, on_frame: OnFrame | None, most: int = 0) -> int:
        """Read what is there, at most so many bytes (0: all); returns how many frames ended. Raises `ConnectionError` at the end."""
        got = self.sock.recv_into(self._buffer, most)
        if not got:
            raise ConnectionError
        data = bytes(self._buffer[:got]) if not self._rest else self._rest + self._buffer[:got]
        self.size += got
        frames = self._parse(data, on_frame)
        self.frames += frames
        return frames

    def _parse(self, data: bytes, on_frame: OnFrame | None) -> int:
        at = frames = 0
        total = len(data)
        while total - at > 1:
            start, size = at + 2, data[at + 1]
            if size == _SHORT:
                start, size = at + 4, int.from_bytes(data[at + 2 : at + 4])
            elif size == _MEDIUM:
                start, size = at + 10, int.from_bytes(data[at + 2 : at + 10])
            if start > total or start + size > total:
                break
            if on_frame is not None:
                on_frame(self, data[start : start + size])
            frames += 1
            at = start + size
        self._rest = data[at:] if at < total else b""
        return frames

    def send(self, text: bytes) -> None:
        """Send a text frame of at most 65 535 bytes, masked with zeros."""
        size = len(text)
        head = bytes((0x81, 0x80 | size)) if size < _SHORT else b"\x81\xfe" + size.to_bytes(2)
        self.sock.sendall(head + b"\0\0\0\0" + text)


class Crowd:
    """Many connections in one poll. receive_bytes: what the system keeps for each until it is read (0: as it likes)."""

    def __init__(self, port: int, headers: str = "", path: str = "/ws/v2", receive_bytes: int = 0) -> None:
        self.clients: dict[int, Client] = {}
        self._port = port
        self._receive_bytes = receive_bytes
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\n{headers}"
        )
        self._poll = select.epoll()

    def open(self, count: int, hello: Callable[[int], bytes | None], first: int = 0) -> None:
        """Open connections, some at a time, and send each its first frame."""
        for start in range(first, first + count, _ROUND):
            opened = [self._dial(number) for number in range(start, min(start + _ROUND, first + count))]
            for client in opened:
                self._shake(client)
                text = hello(client.number)
                if text is not None:
                    client.send(text)
                client.sock.settimeout(0)
                self.clients[client.sock.fileno()] = client
                self._poll.register(client.sock, select.EPOLLIN)

    def events(self, timeout_s: float, on_frame: OnFrame | None = None) -> Iterator[int]:
        """Wait once; yield how many frames each connection got that has something."""
        for number, _ in self._poll.poll(timeout_s):
            client = self.clients.get(number)
            if client is None:
                continue
            try:
                yield client.take(on_frame)
            except ConnectionError:
                self.drop(client)

    def drop(self, client: Client) -> None:
        """Close a connection without a word."""
        self._poll.unregister(client.sock)
        del self.clients[client.sock.fileno()]
        client.sock.close()

    def close(self) -> None:
        """Close all connections."""
        for client in list(self.clients.values()):
            self.drop(client)
        self._poll.close()

    def _dial(self, number: int) -> Client:
        sock = socket.socket()
        if self._receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_bytes)
        sock.settimeout(30)
        sock.connect(("127.0.0.1", self._port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        sock.sendall(f"{self._request}Sec-WebSocket-Key: {key}\r\n\r\n".encode())
        return Client(sock, number)

    def _shake(self, client: Client) -> None:
        """Read the answer to the handshake, and not a byte of what follows."""
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            byte = client.sock.recv(1)
            if not byte:
                raise ConnectionError(answer)
            answer += byte
        if not answer.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(answer)
