"""The how-tos of the client: their files, built as the pages say, in a real browser."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

WEB: Final = Path(__file__).resolve().parents[2] / "web"
NODE: Final = shutil.which("node")
CHROMIUM: Final = os.environ.get("ANABRANCH_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install the package chromium")
@pytest.mark.skipif(NODE is None, reason="no node here: `make install` brings one")
def test_the_pages_of_the_howtos_work() -> None:
    """Live, changed from both sides, no error in the console; with the packed client and strict types."""
    done = subprocess.run(
        [str(NODE), "e2e/howto.mjs"],
        cwd=WEB,
        env=os.environ | {"ANABRANCH_CHROMIUM": str(CHROMIUM)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
