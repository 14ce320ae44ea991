"""An edge put together, and taken apart again."""

import socket
from pathlib import Path

import psutil
import pytest

from api.app import run
from api.settings import EdgeSettings
from schemas.failure import UsageFailure


async def test_an_edge_that_cannot_start_leaves_no_port_open(tmp_path: Path) -> None:
    """The private port is in use, or the store of the quota is none: the public one, bound before, is given back at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        before = psutil.Process().num_fds()
        for trouble in ({"private_port": taken.getsockname()[1]}, {"http": {"quota_store": "nonsense"}}):
            with pytest.raises(UsageFailure):
                await run(EdgeSettings(port=0, data=tmp_path, **trouble))
            assert psutil.Process().num_fds() == before
