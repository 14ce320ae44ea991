"""Ports that nobody listens on."""

import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schemas.failure import Failure

_LOCALHOST: Final = "127.0.0.1"
_FIRST: Final = 10_000
_LAST: Final = 65_535
_OUTGOING: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_OUTGOING: Final = 32_768
_TRIES: Final = 1000
_dice: Final = random.SystemRandom()  # whoever seeds the others must not make them all ask for the same ports


def free_port(preferred: int | None = None, *, strict: bool = False) -> int:
    """Return the preferred port when it is free, else any free one. With `strict`, a taken one raises `Failure`."""
    if preferred is not None and is_free(preferred):
        return preferred
    if preferred is not None and strict:
        raise Failure(f"Port {preferred} is in use: stop the program that listens on it, or choose another port.")
    return free_ports(1)[0]


def free_ports(count: int) -> range:
    """Return this many neighbouring free ports. Nobody else who asks here gets them for a minute; servers may listen on them.

    They lie below those that the kernel gives to outgoing connections: one of these could otherwise sit on the port of a server that
    is just being started, or started again. Raises `Failure` when there are none.
    """
    for first in _firsts(count):
        with contextlib.ExitStack() as taken:
            try:
                probes = [taken.enter_context(_bound(port)) for port in range(first, first + count)]
            except OSError:
                continue
            for probe in probes:
                _reserve(probe)
            return range(first, first + count)
    raise Failure(f"No {count} neighbouring ports are free on this machine: end programs that listen on ports.")


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now; a port that still closes (TIME_WAIT) counts as free."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_LOCALHOST, port))
    except OSError:
        return False
    return True


def _firsts(count: int) -> Iterator[int]:
    """Yield ports to try, in no order."""
    end = outgoing_begin() if outgoing_begin() - count >= _FIRST else _LAST + 1
    for _ in range(_TRIES if end - count >= _FIRST else 0):
        yield _dice.randint(_FIRST, end - count)


def outgoing_begin() -> int:
    """Return the first port that the kernel gives to outgoing connections."""
    try:
        return int(_OUTGOING.read_text().split()[0])
    except (OSError, ValueError):
        return _USUAL_OUTGOING


def _bound(port: int) -> socket.socket:
    """Listen on a port that nobody has, nor had within the last minute. Raises `OSError`."""
    probe = socket.socket()
    try:
        probe.bind((_LOCALHOST, port))
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # from here on, so that servers may take over what it leaves
        probe.listen(1)
    except OSError:
        probe.close()
        raise
    return probe


def _reserve(probe: socket.socket) -> None:
    """Keep a port from being handed out again for a minute: a connection that its own side ended leaves it in TIME_WAIT.

    A server may still listen on it (SO_REUSEADDR, which all of ours set). Two programs that asked at the same time would otherwise
    get the same port now and then, and one would talk to the other's server.
    """
    with socket.create_connection(probe.getsockname()):
        ended, _ = probe.accept()
        ended.close()
