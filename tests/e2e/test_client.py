"""The client library in Node, on a whole running instance, through a proxy that cuts and holds back."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.conftest import Running, up

WEB: Final = Path(__file__).resolve().parents[2] / "web"
NODE: Final = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="no node here: `make install` brings one")
def test_the_client_follows_and_writes(instance: Running) -> None:
    """Live, cut and resumed by position, polling and back, writes with their outcome, a token renewed in band, the slice."""
    token = instance.token("lead")
    short = instance.run("token", "--user", "lead", "--all", "--ttl", "63s").out.strip()

    check(instance.ready["url"], token, "--short", short)


@pytest.mark.skipif(NODE is None, reason="no node here: `make install` brings one")
def test_the_client_copes_where_new_ways_are_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bulk call, no rows in frames: the calls of version 1, and a fetch of what a notice names."""
    monkeypatch.setenv("FEATURE_BULK_API", "false")
    monkeypatch.setenv("FEATURE_WS_CASCADE", "false")
    with up(tmp_path / "data") as running:
        check(running.ready["url"], running.token("lead"))


def check(url: str, token: str, *more: str) -> None:
    """Run the client's checks against an edge."""
    done = subprocess.run(
        [str(NODE), "e2e/client.mjs", "--url", url, "--token", token, *more],
        cwd=WEB,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
