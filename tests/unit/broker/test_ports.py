"""Laws of free ports."""

import socket

import pytest

from broker.ports import free_port, free_ports, is_free, outgoing_begin
from schemas.failure import Failure


def test_preferred_port_is_taken_when_free() -> None:
    """A free port that is asked for is the one."""
    port = free_port()
    assert free_port(port) == port


def test_port_in_use_is_replaced_or_refused() -> None:
    """A port in use gives another one, or with `strict` a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) != port
        with pytest.raises(Failure, match=f"Port {port} is in use"):
            free_port(port, strict=True)


def test_a_port_is_handed_out_once() -> None:
    """Whoever asks the kernel for any port does not get it for a while; a server may listen on it."""
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)


def test_ports_of_several_servers_lie_side_by_side() -> None:
    """All of them can be listened on at once, and no outgoing connection is ever given one."""
    ports = free_ports(3)
    assert list(ports) == [ports[0], ports[0] + 1, ports[0] + 2]
    assert ports[-1] < outgoing_begin()
    with socket.create_server(("127.0.0.1", ports[0])), socket.create_server(("127.0.0.1", ports[1])):
        assert is_free(ports[2])


def test_no_ports_give_a_sentence() -> None:
    """What cannot be had is said."""
    with pytest.raises(Failure, match="No 70000 neighbouring ports"):
        free_ports(70_000)
