"""The least that answers an HTTP request: a finished answer from bare uvloop. It shows what the client and the machine take themselves.

answerer.py PORT BYTES.
"""

import asyncio
import sys
from typing import Any

import uvloop


class Answerer(asyncio.Protocol):
    """Answers whatever comes; a request is one piece."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  because asyncio names a base class
        """Note the transport."""
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        """Answer."""
        self._transport.write(self._answer)


async def serve(port: int, size: int) -> None:
    """Serve until the process ends."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size
    server = await asyncio.get_running_loop().create_server(lambda: Answerer(answer), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
