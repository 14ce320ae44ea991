"""The client library in Node, on a whole running instance, through a proxy that cuts and holds back."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.conftest import Running

WEB: Final = Path(__file__).resolve().parents[2] / "web"
NODE: Final = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="no node here: `make install` brings one")
def test_the_client_follows_and_writes(instance: Running) -> None:
    """Live, cut and resumed by position, polling and back, writes with their outcome, a token renewed in band, the slice."""
    token = instance.run("token", "--user", "lead", "--all").out.strip()
    short = instance.run("token", "--user", "lead", "--all", "--ttl", "63s").out.strip()

    done = subprocess.run(
        [str(NODE), "e2e/client.mjs", "--url", instance.ready["url"], "--token", token, "--short", short],
        cwd=WEB,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
