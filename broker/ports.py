"""Ports that nobody listens on."""

import socket

from schemas.failure import Failure

_LOCALHOST = "127.0.0.1"


def free_port(preferred: int | None = None, *, strict: bool = False) -> int:
    """Return the preferred port when it is free, else any free one. With `strict`, a taken one raises `Failure`."""
    if preferred is not None and is_free(preferred):
        return preferred
    if preferred is not None and strict:
        raise Failure(f"Port {preferred} is in use: stop the program that listens on it, or choose another port.")
    with socket.create_server((_LOCALHOST, 0)) as probe:
        _reserve(probe)
        return int(probe.getsockname()[1])


def _reserve(probe: socket.socket) -> None:
    """Keep a port from being handed out again for a minute: a connection that its own side ended leaves it in TIME_WAIT.

    A server may still listen on it (SO_REUSEADDR, which all of ours set). Two programs that asked at the same time would otherwise
    get the same port now and then, and one would talk to the other's server.
    """
    with socket.create_connection(probe.getsockname()):
        ended, _ = probe.accept()
        ended.close()


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now; a port that still closes (TIME_WAIT) counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOCALHOST, port))
        except OSError:
            return False
    return True
