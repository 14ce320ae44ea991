"""How a link ends, whoever ends it and whenever; on real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.frames import Frame, Opcode

from api.direct import EdgeProtocol
from tests.contract.api.desk import LINKS, PATIENCE_S, Implementation, Serving, serving


@asynccontextmanager
async def raw(server: Serving) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a WebSocket and give its bytes, with nobody who answers a close."""
    host, port = server.url.removeprefix("ws://").removesuffix("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13"
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n\r\n".encode())
    try:
        await reader.readuntil(b"\r\n\r\n")
        yield reader, writer
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("implementation", LINKS)
@pytest.mark.parametrize("said", [None, Frame(Opcode.CLOSE, b""), Frame(Opcode.TEXT, b"\xff")], ids=["server", "client", "no UTF-8"])
async def test_nothing_follows_a_close(implementation: Implementation, said: Frame | None) -> None:
    """Whoever gave reason for it: what is written after that is not sent (RFC 6455 section 5.5.1)."""
    async with serving(implementation) as server, raw(server) as (reader, writer):
        desk = await server.desk()
        if said is None:
            desk.link.close(1000, "")
        else:
            writer.write(said.serialize(mask=True))
        head, size = await asyncio.wait_for(reader.readexactly(2), PATIENCE_S)
        await reader.readexactly(size)
        desk.send(b"late")
        writer.write_eof()  # the server ends then; until that, it may have written
        assert (head, await asyncio.wait_for(reader.read(), PATIENCE_S)) == (0x88, b"")


async def test_a_socket_that_ends_before_it_is_taken_over_is_gone() -> None:
    """Its driver hears so, and may write to it and end it as any other."""
    async with serving(EdgeProtocol, lambda protocol: protocol.transport.close()) as server, raw(server):
        desk = await server.desk()
        await desk.until(lambda: "gone" in desk.said)
        desk.send(b"too late")
        desk.link.close(1012, "")
        desk.link.abort()
        assert desk.link.flow()[1] == 0
        assert desk.said == ["gone"]
