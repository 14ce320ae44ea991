"""The private port says whether a worker lives, is ready, and where it stands."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from streams.health import HealthServer, State
from streams.metrics import Meters

_ENDS = {3: {"end": 9, "read": 9, "durable": 9, "committed": 9}}


class _Worker:
    state = State(ready=True, kafka_up=True, problem=None, partitions=_ENDS)


@pytest.fixture
async def server() -> AsyncIterator[HealthServer]:
    """Give a running server."""
    _Worker.state = State(ready=True, kafka_up=True, problem=None, partitions=_ENDS)
    found = HealthServer("127.0.0.1", 0, lambda: _Worker.state, Meters().registry)
    await found.start()
    yield found
    await found.stop()


async def _get(server: HealthServer, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await client.get(f"http://127.0.0.1:{server.port}{path}")


@pytest.mark.parametrize(
    ("state", "alive", "ready"),
    [
        (State(ready=True, kafka_up=True, problem=None, partitions={}), 200, 200),
        (State(ready=False, kafka_up=True, problem=None, partitions={}), 200, 503),
        (State(ready=True, kafka_up=False, problem=None, partitions={}), 200, 200),
        (State(ready=True, kafka_up=True, problem="no progress", partitions={}), 503, 503),
    ],
)
async def test_alive_and_ready_are_different_things(server: HealthServer, state: State, alive: int, ready: int) -> None:
    """A worker that restores, or waits for Kafka, is alive; one that stands still is not."""
    _Worker.state = state
    assert (await _get(server, "/healthz")).status_code == alive
    assert (await _get(server, "/readyz")).status_code == ready


async def test_positions_and_metrics_are_shown(server: HealthServer) -> None:
    """Operators see each partition's ends and every metric by its name."""
    assert (await _get(server, "/healthz")).json()["partitions"] == {"3": _ENDS[3]}
    text = (await _get(server, "/metrics")).text
    assert "cascade_calculation_time_bucket" in text
    assert "worker_ready" in text


async def test_a_port_in_use_is_told() -> None:
    """The caller hears of it as an `OSError`."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            await HealthServer("127.0.0.1", taken.getsockname()[1], lambda: _Worker.state, Meters().registry).start()
